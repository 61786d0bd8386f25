import type { Arch } from '../arch.ts';
import type { ImageFacts } from '../image/facts.ts';
import type { Recipe } from '../recipe.ts';
import type { Tree } from '../tree.ts';

/** What is linted: a tree about to become an image, a directory, or an image of anybody's. */
export interface Subject {
  /** Name under which a host will see the image: its link's name without `.raw`. */
  readonly name: string;
  /** Version, where it is known from the plan or the file name. */
  readonly version?: string | undefined;
  /** Architecture that the plan or the file name promises. */
  readonly arch?: Arch | undefined;
  readonly tree: Tree;
  /** What the recipe says, when the subject is made from one. */
  readonly recipe?:
    | (Pick<Recipe, 'allow' | 'conflicts' | 'requires'> & {
        readonly services?: Readonly<Record<string, { readonly start: string }>> | undefined;
      })
    | undefined;
  /** Facts of the image file, when there is one already. */
  readonly image?: ImageFacts | undefined;
  /** Names of the other extensions that the same repository offers. */
  readonly siblings?: readonly string[] | undefined;
}
