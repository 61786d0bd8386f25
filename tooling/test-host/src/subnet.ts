import { randomInt } from 'node:crypto';
import { tool } from './tool.ts';

/** A /24 of 10.64.0.0/10 for one network. */
export class Subnet {
  readonly #prefix: string;
  /** Name of its network interface out here: whoever has made that has the subnet. */
  readonly interface: string;

  private constructor(second: number, third: number) {
    this.#prefix = `10.${second}.${third}`;
    this.interface = `sysext-${second}-${third}`;
  }

  /** One to try; different each time. */
  static random(): Subnet {
    return new Subnet(randomInt(64, 128), randomInt(256));
  }

  /** The address number `n` of 1 to 254. */
  address(n: number): string {
    return `${this.#prefix}.${n}`;
  }

  /** In CIDR notation. */
  get cidr(): string {
    return `${this.#prefix}.0/24`;
  }

  /** A hardware address for `address(n)`: the same after a reboot, as a real network card's. */
  hardwareAddress(n: number): string {
    const numbers = this.address(n)
      .split('.')
      .map((part) => Number(part).toString(16).padStart(2, '0'));
    return ['02', '5e', ...numbers].join(':');
  }

  /** Whether a route out here other than the default one leads into it. */
  async overlapsRoutes(): Promise<boolean> {
    const shown = await Promise.all(
      ['root', 'match'].map((how) => tool('ip', ['-json', '-4', 'route', 'show', 'table', 'all', how, this.cidr])),
    );
    const routes: readonly { readonly dst: string }[] = shown.flatMap(({ stdout }) => JSON.parse(stdout || '[]'));
    return routes.some(({ dst }) => dst !== 'default');
  }
}
