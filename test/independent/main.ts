import { parseArgs } from 'node:util'
import { disagreement, shrink } from './both.ts'
import { dice } from './dice.ts'
import { hostileLedger } from './hostile.ts'
import { ed25519Scheme, type Scheme, toyScheme } from './scheme.ts'
import { story } from './story.ts'

/**
 * Both replays over many random ledgers: `node test/independent/main.ts --ledgers 100000 --seed 1`.
 * `--ed25519` signs in earnest. Exit status 1 at the first ledger on which they disagree, which is shrunk and told.
 */
const { values } = parseArgs({
  options: {
    ledgers: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    ed25519: { type: 'boolean', default: false },
  },
})
const scheme: Scheme = values.ed25519 ? ed25519Scheme() : toyScheme
const first = Number(values.seed)
const count = Number(values.ledgers)
const reasons = new Map<string, number>()
const effects = new Map<string, number>()
const started = performance.now()
let entries = 0
let failed = 0

for (let seed = first; seed < first + count && failed < 5; seed++) {
  const ledger = hostileLedger(scheme, seed)
  entries += ledger.entries.length
  const differs = await disagreement(scheme, ledger.entries, ledger.reading, dice(seed))
  for (const { reason } of ledger.reading?.voids ?? []) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  for (const { said } of ledger.reading?.history.facts ?? [])
    effects.set(said.type, (effects.get(said.type) ?? 0) + 1)
  if (differs === undefined) continue
  failed++
  const least = await shrink(scheme, ledger.entries)
  console.log(
    `seed ${seed}: ${differs}\nshrunk: ${await disagreement(scheme, least)}\n${story(scheme, least)}`,
  )
}
const seconds = Math.round((performance.now() - started) / 1000)
console.log(JSON.stringify({ ledgers: count, seed: first, entries, failed, seconds }))
process.exitCode = failed > 0 ? 1 : 0
