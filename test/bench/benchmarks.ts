import { audit } from './audit.ts'
import type { Figure } from './figure.ts'
import { invitation } from './invitation.ts'
import { join } from './join.ts'
import { log } from './log.ts'
import { room } from './room.ts'
import { size } from './size.ts'
import { verify } from './verify.ts'

export interface Benchmark {
  readonly name: string
  readonly about: string
  /** How often it measures unless told otherwise. */
  readonly n: number
  /** @param note for the person who waits */
  readonly run: (n: number, note: (text: string) => void) => AsyncIterable<Figure>
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
  { name: 'verify', about: 'signatures verified per second, by engine', n: 20, run: verify },
  { name: 'log', about: 'statements that the log keeper takes per second, on the disk', n: 5, run: log },
  {
    name: 'join',
    about: 'what a device computes to start in a community of 100,000',
    n: 20,
    run: join,
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
