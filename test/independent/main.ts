import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { disagreement, shrink } from './both.ts'
import { cover, missing, noCoverage } from './coverage.ts'
import { dice } from './dice.ts'
import { hostileLedger } from './hostile.ts'
import { ed25519Scheme, type Scheme, toyScheme } from './scheme.ts'
import { story } from './story.ts'

/**
 * Both replays over many random ledgers: `node test/independent/main.ts --ledgers 100000 --seed 1 --jobs 2`. `--ed25519` signs in earnest.
 * Prints a JSON line of what was seen; exit status 1 where they disagreed, or where in a long run something that the enemy can do never happened.
 * Each disagreement is shrunk and told before. It is that of one seed: a ledger depends on nothing else.
 * `--choose` reads nothing twice: it prints seeds whose ledgers together have everything that the enemy can do.
 */
const { values } = parseArgs({
  options: {
    ledgers: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    ed25519: { type: 'boolean', default: false },
    choose: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const count = Number(values.ledgers)
const jobs = Number(values.jobs)

/** In a run of so many, everything that the enemy can do has to happen. */
const MANY = 10_000
/** After so many disagreements the rest is not read: they are told one by one. */
const ENOUGH = 5

if (values.choose) console.log(JSON.stringify(chosen()))
else if (isMainThread) {
  const started = performance.now()
  const parts = await Promise.all(Array.from({ length: jobs }, (_, job) => inWorker(job)))
  const coverage = noCoverage()
  for (const part of parts)
    for (const kind of ['reasons', 'effective', 'void'] as const)
      for (const [what, times] of part.coverage[kind])
        coverage[kind].set(what, (coverage[kind].get(what) ?? 0) + times)
  const sum = (of: 'ledgers' | 'entries' | 'failed'): number => parts.reduce((all, part) => all + part[of], 0)
  const never = missing(coverage)
  const seconds = Math.round((performance.now() - started) / 1000)
  const seen = {
    seed: first,
    ledgers: sum('ledgers'),
    entries: sum('entries'),
    failed: sum('failed'),
    never,
    seconds,
  }
  console.log(JSON.stringify(seen))
  process.exitCode = seen.failed > 0 || (count >= MANY && never.length > 0) ? 1 : 0
} else {
  parentPort?.once('message', async (job: number) => parentPort?.postMessage(await part(job)))
}

type Part = Awaited<ReturnType<typeof part>>

/** Each seed, from the first on, with which something happens that did not before. */
function chosen(): { readonly seeds: readonly number[]; readonly never: readonly string[] } {
  const seeds: number[] = []
  const coverage = noCoverage()
  for (let seed = first; seed < first + count && missing(coverage).length > 0; seed++) {
    const lacked = missing(coverage).length
    cover(coverage, hostileLedger(toyScheme, seed))
    if (missing(coverage).length < lacked) seeds.push(seed)
  }
  return { seeds, never: missing(coverage) }
}

function inWorker(job: number): Promise<Part> {
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) })
  const { promise, resolve, reject } = Promise.withResolvers<Part>()
  worker.once('message', resolve)
  worker.once('error', reject)
  worker.postMessage(job)
  return promise
}

async function part(job: number) {
  const scheme: Scheme = values.ed25519 ? ed25519Scheme() : toyScheme
  const coverage = noCoverage()
  let ledgers = 0
  let entries = 0
  let failed = 0
  for (let seed = first + job; seed < first + count && failed < ENOUGH; seed += jobs) {
    const ledger = hostileLedger(scheme, seed)
    ledgers++
    entries += ledger.entries.length
    cover(coverage, ledger)
    const differs = await disagreement(scheme, ledger.entries, ledger.told, dice(seed))
    if (differs === undefined) continue
    failed++
    const least = await shrink(scheme, ledger.entries)
    console.log(`seed ${seed}: ${differs}\n${await disagreement(scheme, least)}\n${story(scheme, least)}`)
  }
  return { ledgers, entries, failed, coverage }
}
