import type { Figure } from './figure.ts'
import { invitation } from './invitation.ts'
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
  { name: 'size', about: 'what a browser fetches before the first screen, compressed', n: 1, run: size },
]
