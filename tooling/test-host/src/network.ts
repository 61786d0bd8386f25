import { type Keeper, keep } from './keeper.ts';
import { Subnet } from './subnet.ts';
import { tool } from './tool.ts';

/** Number of the outer side's address, of the router's, and of the first host's. */
const outside = 1;
const router = 254;
const firstHost = 10;

/** A host's place on a network; it keeps it while the host is off. */
interface Seat {
  readonly number: number;
  readonly name: string;
  /** Whether the host has an `/etc/hosts` yet, and what appends to it. */
  introduced: boolean;
  introduce: (lines: string) => Promise<void>;
  connected: boolean;
  /** Whether the host is on, so that there is a port to set up or down. */
  plugged: boolean;
}

/**
 * An Ethernet segment with hosts on it, isolated from every other network: a bridge in a
 * network namespace of its own, and a way in from the test process. Nothing on it can reach
 * anything else: its router answers "network unreachable".
 *
 * When it is disposed, or this process is killed, the kernel takes it down.
 */
export class Network implements AsyncDisposable {
  readonly #subnet: Subnet;
  readonly #keeper: Keeper;
  readonly #seats = new Map<string, Seat>();
  /** Numbers ever given out; never to another name, for whoever still has the old line in `/etc/hosts`. */
  readonly #numbers = new Map<string, number>();

  /** Tests make one with {@link createNetwork}. */
  constructor(subnet: Subnet, keeper: Keeper) {
    this.#subnet = subnet;
    this.#keeper = keeper;
  }

  /** In CIDR notation, for example `10.80.17.0/24`. */
  get subnet(): string {
    return this.#subnet.cidr;
  }

  /**
   * Address of the test process on this network. A server out here that listens on it (or on
   * all addresses) can be reached by the hosts, and the hosts can be reached from it.
   */
  get gateway(): string {
    return this.#subnet.address(outside);
  }

  /** Unplugs a host, as pulling its cable does: it loses its carrier and reaches nobody. Lasts across boots. */
  async disconnect(host: { readonly name: string }): Promise<void> {
    await this.#setConnected(this.#seat(host.name), false);
  }

  /** Plugs a host in again. */
  async reconnect(host: { readonly name: string }): Promise<void> {
    await this.#setConnected(this.#seat(host.name), true);
  }

  /** Gives a host a name and an address here; addresses go by the order of calls, and stay with a name. For hosts only. */
  join(name: string): void {
    if (this.#seats.has(name)) throw new Error(`there is a host named ${name} on this network already`);
    const number = this.#numbers.get(name) ?? firstHost + this.#numbers.size;
    if (number >= router) throw new Error('this network is full');
    this.#numbers.set(name, number);
    this.#seats.set(name, {
      number,
      name,
      introduced: false,
      introduce: async () => undefined,
      connected: true,
      plugged: false,
    });
  }

  /** Lets a host and the others here know each other's names. For hosts only. */
  async introduce(name: string, append: (lines: string) => Promise<void>): Promise<void> {
    const seat = this.#seat(name);
    const others = [...this.#seats.values()].filter((other) => other.introduced);
    seat.introduced = true;
    seat.introduce = append;
    await append([seat, ...others].map((each) => this.#line(each)).join(''));
    await Promise.all(others.map((other) => other.introduce(this.#line(seat))));
  }

  /** Address of a host on this network. */
  address(name: string): string {
    return this.#subnet.address(this.#seat(name).number);
  }

  /** Connects a host that starts; `pid` is a process in its network namespace. For hosts only. */
  async plug(name: string, pid: number): Promise<void> {
    const seat = this.#seat(name);
    const port = portOf(seat);
    await inNamespace(this.#keeper.pid, [
      `link add ${port} type veth peer name eth0 address ${this.#subnet.hardwareAddress(seat.number)} netns ${pid}`,
      `link set ${port} master bridge`,
    ]);
    await inNamespace(pid, [
      `address add ${this.#subnet.address(seat.number)}/24 dev eth0`,
      'link set eth0 up',
      `route add default via ${this.#subnet.address(router)} dev eth0 onlink`,
    ]);
    seat.plugged = true;
    await this.#applyConnected(seat);
  }

  /** Removes what is left of a host that has ended; the kernel would, but later. For hosts only. */
  async unplug(name: string): Promise<void> {
    const seat = this.#seats.get(name);
    if (seat === undefined) return;
    seat.plugged = false;
    await inNamespace(this.#keeper.pid, [`link delete ${portOf(seat)}`]).catch(() => undefined);
  }

  /** Frees the name of a host that has ended. For hosts only. */
  leave(name: string): void {
    this.#seats.delete(name);
  }

  #seat(name: string): Seat {
    const seat = this.#seats.get(name);
    if (seat === undefined) throw new Error(`${name} is not on this network`);
    return seat;
  }

  #line(seat: Seat): string {
    return `${this.#subnet.address(seat.number)} ${seat.name}\n`;
  }

  async #setConnected(seat: Seat, connected: boolean): Promise<void> {
    seat.connected = connected;
    if (seat.plugged) await this.#applyConnected(seat);
  }

  async #applyConnected(seat: Seat): Promise<void> {
    await inNamespace(this.#keeper.pid, [`link set ${portOf(seat)} ${seat.connected ? 'up' : 'down'}`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The kernel removes it with the namespace too, but later.
    await tool('ip', ['link', 'delete', this.#subnet.interface], { reject: false });
    await this.#keeper[Symbol.asyncDispose]();
  }
}

/**
 * Makes an isolated network for hosts, with addresses that no other network on this machine
 * uses, whichever process made it. Dispose it after its hosts.
 */
export async function createNetwork(): Promise<Network> {
  const keeper = await keep(['unshare', '--net', 'cat']);
  try {
    const subnet = await claimSubnet(keeper.pid);
    await inNamespace(keeper.pid, [
      'link set lo up',
      'link add bridge type bridge',
      'link set outside master bridge up',
      `address add ${subnet.address(router)}/24 dev bridge`,
      'link set bridge up',
    ]);
    // Makes the kernel of this namespace a router, one without a way out: it refuses at once what would time out.
    await tool('nsenter', [`--net=/proc/${keeper.pid}/ns/net`, 'tee', '/proc/sys/net/ipv4/ip_forward'], { input: '1' });
    await tool('ip', ['address', 'add', `${subnet.address(outside)}/24`, 'dev', subnet.interface]);
    await tool('ip', ['link', 'set', subnet.interface, 'up']);
    return new Network(subnet, keeper);
  } catch (error) {
    await keeper[Symbol.asyncDispose]();
    throw error;
  }
}

/** Makes the link between the machine and a network; the kernel lets only one process have the name. */
async function claimSubnet(pid: number): Promise<Subnet> {
  for (let tries = 0; tries < 100; tries++) {
    const subnet = Subnet.random();
    if (await subnet.overlapsRoutes()) continue;
    const link = ['link', 'add', subnet.interface, 'type', 'veth', 'peer', 'name', 'outside', 'netns', `${pid}`];
    const { failed, stderr } = await tool('ip', link, { reject: false });
    if (!failed) return subnet;
    if (!/File exists/.test(stderr)) throw new Error(`ip ${link.join(' ')}: ${stderr}`);
  }
  throw new Error('found no free addresses for a network in 10.64.0.0/10');
}

function portOf(seat: Seat): string {
  return `host-${seat.number}`;
}

/** Runs `ip` commands in the network namespace of a process. */
async function inNamespace(pid: number, commands: readonly string[]): Promise<void> {
  await tool('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', '-batch', '-'], { input: commands.join('\n') });
}
