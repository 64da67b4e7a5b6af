import { audit } from './audit.ts'
import { click } from './click.ts'
import { enter } from './enter.ts'
import { change } from './fanout/change.ts'
import { fanout } from './fanout/fanout.ts'
import { growth } from './fanout/growth.ts'
import { hops } from './fanout/hops.ts'
import { soak } from './fanout/soak.ts'
import type { Figure } from './figure.ts'
import { flood } from './flood.ts'
import { gossip } from './gossip.ts'
import { invitation } from './invitation.ts'
import { join } from './join.ts'
import { kick } from './kick.ts'
import { log } from './log.ts'
import { mesh } from './mesh/mesh.ts'
import { overhead } from './overhead.ts'
import { resolveRoom } from './resolve.ts'
import { room } from './room.ts'
import { size } from './size.ts'
import { stage } from './stage.ts'
import { verify } from './verify.ts'

export interface Benchmark {
  readonly name: string
  readonly about: string
  /** How often it measures unless told otherwise. */
  readonly n: number
  /** What else it can be told, each a whole number from 1. */
  readonly options?: readonly (keyof Options)[]
  /** @param note for the person who waits */
  readonly run: (n: number, note: (text: string) => void, options: Options) => AsyncIterable<Figure>
}

export interface Options {
  readonly listeners?: number
  readonly minutes?: number
  readonly speakers?: number
}

export const BENCHMARKS: readonly Benchmark[] = [
  {
    name: 'invitation',
    about: 'from the click on an invitation to the first sound that the newcomer hears',
    n: 10,
    run: invitation,
  },
  {
    name: 'room',
    about: 'from a returning member opening the app to the first sound of the room',
    n: 10,
    run: room,
  },
  {
    name: 'click',
    about: 'from the click on a large room to its first sound, and how many round trips that is',
    n: 5,
    run: click,
  },
  { name: 'verify', about: 'signatures verified per second, by engine', n: 20, run: verify },
  { name: 'log', about: 'statements that the log keeper takes per second, on the disk', n: 5, run: log },
  {
    name: 'resolve',
    about: 'what the operations of a room cost: from zero, one more, and two forks that meet',
    n: 20,
    run: resolveRoom,
  },
  {
    name: 'join',
    about: 'what a device computes to start in a community of 100,000',
    n: 20,
    run: join,
  },
  {
    name: 'enter',
    about: 'from the click on an invitation to being inside, where the ledger has 20,000 entries',
    n: 5,
    run: enter,
  },
  {
    name: 'flood',
    about: 'what the honest in a room notice of a member who floods it',
    n: 100,
    run: flood,
  },
  {
    name: 'fanout',
    about: 'what it costs a relay to carry a voice to 200 listeners beside Janus, or to --listeners without',
    n: 3,
    options: ['listeners'],
    run: fanout,
  },
  {
    name: 'growth',
    about: 'how the cost of a relay grows from 100 listeners to 2,000, and the model for 8,000 over several',
    n: 1,
    run: growth,
  },
  {
    name: 'mesh',
    about: 'what a stage of 12, or --speakers, costs the browser of one of them',
    n: 3,
    options: ['speakers'],
    run: mesh,
  },
  {
    name: 'hops',
    about: 'how late a voice is over one relay, and over chains of two and three',
    n: 3,
    run: hops,
  },
  {
    name: 'change',
    about: 'what a listener misses when they change to a nearer relay, and when theirs is killed',
    n: 50,
    run: change,
  },
  {
    name: 'kick',
    about:
      'how long somebody who was removed from a room can still hear it, and what that costs in a large one',
    n: 200,
    run: kick,
  },
  {
    name: 'overhead',
    about: 'bytes that encryption and signatures add to a voice',
    n: 1,
    run: overhead,
  },
  {
    name: 'soak',
    about: 'memory, open files and delay of a relay in --minutes, 60, while --listeners, 300, come and go',
    n: 1,
    options: ['listeners', 'minutes'],
    run: soak,
  },
  {
    name: 'gossip',
    about: 'operations per second between two peers, and how long they take to many',
    n: 3,
    run: gossip,
  },
  {
    name: 'stage',
    about: 'from a change of the stage to the screens of all five who are in the room',
    n: 40,
    run: stage,
  },
  { name: 'size', about: 'what a browser fetches before the first screen, compressed', n: 1, run: size },
  {
    name: 'audit',
    about: 'statements of a ledger of 100,000 verified per second, and the memory for it',
    n: 3,
    run: audit(100_000),
  },
  {
    name: 'audit-million',
    about: 'the same for 1,000,000, which takes minutes to make up first',
    n: 1,
    run: audit(1_000_000),
  },
]
