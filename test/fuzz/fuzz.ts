import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { type CommunityId, idOf } from '../../protocol/ids.ts'
import { corpus } from './corpus.ts'
import { type Door, doors } from './doors.ts'
import { type Edit, mutate } from './edit.ts'

export interface FuzzReport {
  readonly inputs: number
  /** Inputs that at least one door took. */
  readonly taken: number
  /** How many the examples grew to. */
  readonly examples: number
  readonly failures: readonly string[]
}

/** Examples are kept until there are so many: what is new is found early or not at all. */
const MOST_EXAMPLES = 20_000

/** Inputs between two looks at what fast-check says. */
const ROUND = 10_000

const EDIT: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('change', 'flip', 'drop', 'insert', 'double', 'cut', 'cross', 'grow', 'shrink'),
  at: fc.nat(),
  length: fc.integer({ min: 1, max: 40 }),
  byte: fc.nat(255),
  other: fc.nat(),
  inside: fc.boolean(),
})

/** Sends inputs through every door. Deterministic for a seed and a corpus. */
export function fuzz({ inputs, seed }: { readonly inputs: number; readonly seed: number }): FuzzReport {
  const examples = [...corpus()]
  const open = doors(communityOfVectors())
  const shown = new Set<string>()
  const failures: string[] = []
  let done = 0
  let taken = 0
  for (let round = 0; done < inputs && failures.length === 0; round++) {
    const numRuns = Math.min(ROUND, inputs - done)
    // Within a round the examples stay as they are, so that what fails can be shrunk.
    const fresh: Uint8Array[] = []
    const outcome = fc.check(
      fc.property(fc.nat(), fc.array(EDIT, { minLength: 1, maxLength: 4 }), (which, edits) => {
        const input = mutate(examples, which, edits)
        const seen = through(open, input)
        if (seen.taken) taken += 1
        if (examples.length + fresh.length < MOST_EXAMPLES && !shown.has(seen.path)) {
          shown.add(seen.path)
          fresh.push(input)
        }
      }),
      { numRuns, seed: seed + round },
    )
    done += outcome.numRuns
    if (outcome.failed) {
      const [which, edits] = outcome.counterexample ?? [0, []]
      const input = mutate(examples, which, edits)
      failures.push(`${String(outcome.errorInstance)} for ${Buffer.from(input).toString('hex')}`)
    }
    examples.push(...fresh)
  }
  return { inputs: done, taken, examples: examples.length, failures }
}

/** What every door said of an input; the path tells one kind of answer from another. */
function through(
  open: readonly Door[],
  input: Uint8Array,
): { readonly taken: boolean; readonly path: string } {
  const answers = open.map((door) => door.check(input))
  return { taken: answers.some((answer) => answer.endsWith('taken')), path: answers.join(' ') }
}

/** Nearly all examples are of the community of the cast. */
function communityOfVectors(): CommunityId {
  const file = join(import.meta.dirname, '../vectors/envelope.json')
  const { community } = JSON.parse(readFileSync(file, 'utf8')) as { readonly community: string }
  return idOf<CommunityId>(Uint8Array.from(Buffer.from(community, 'hex')))
}
