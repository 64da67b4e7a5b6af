import { availableParallelism } from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { judge, type Tally, tally } from './room/judge.ts'

/**
 * `npm run simulate -- --histories N --seed S`: small rooms among honest and dishonest people, with all oracles asked about each. Prints one JSON line on
 * stdout: what was read, how many rules were broken, and the seeds with which. Exit status 1 when one was. A history depends on its seed alone, so
 * `--histories 1 --seed` and a seed shows one again. On stderr a line every minute says the same of what was read so far.
 *
 * Ended by SIGTERM or SIGINT it prints what it did. Every history below the seed that it names as `next` was read: from there another run goes on.
 */
const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
  },
})
const first = whole(values.seed, 0)
const end = first + whole(values.histories, 1)
const jobs = whole(values.jobs, 1)

/** Histories that a worker reads at a time: less than a second's worth, so that little is lost with one. */
const PART = 500
const MINUTE = 60_000

/** Seeds, the last not included. */
interface Part {
  readonly from: number
  readonly to: number
}

if (isMainThread) await lead()
else parentPort?.on('message', (part: Part) => parentPort?.postMessage(read(part)))

function read({ from, to }: Part): Tally {
  let sum = tally()
  for (let seed = from; seed < to; seed++) sum = added(sum, judge(seed))
  return sum
}

/** Gives parts to workers, lowest seeds first, until all were read or somebody ends it. */
async function lead(): Promise<void> {
  const began = performance.now()
  const workers = Array.from(
    { length: jobs },
    () => new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) }),
  )
  const underWay = new Map<Worker, Part>()
  let sum = tally()
  let given = first
  const report = (): string => {
    const next = Math.min(given, ...[...underWay.values()].map(({ from }) => from))
    return JSON.stringify({
      seed: first,
      next,
      ...sum,
      seconds: Math.round((performance.now() - began) / 1000),
    })
  }
  const { promise: ended, resolve: finish, reject } = Promise.withResolvers<void>()
  const give = (worker: Worker): void => {
    if (given === end) {
      if (underWay.size === 0) finish()
      return
    }
    const part = { from: given, to: Math.min(given + PART, end) }
    given = part.to
    underWay.set(worker, part)
    worker.postMessage(part)
  }
  for (const worker of workers) {
    worker.on('message', (part: Tally) => {
      sum = added(sum, part)
      underWay.delete(worker)
      give(worker)
    })
    worker.once('error', reject)
    give(worker)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, finish)
  const minutely = setInterval(() => console.error(report()), MINUTE)
  try {
    await ended
  } finally {
    clearInterval(minutely)
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
  console.log(report())
  process.exitCode = sum.violations > 0 || given < end || underWay.size > 0 ? 1 : 0
}

function whole(text: string, least: number): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < least)
    throw new RangeError(`not a whole number from ${least}: ${text}`)
  return number
}

function added(a: Tally, b: Tally): Tally {
  return {
    histories: a.histories + b.histories,
    operations: a.operations + b.operations,
    accepted: a.accepted + b.accepted,
    twins: a.twins + b.twins,
    together: a.together + b.together,
    violations: a.violations + b.violations,
    // The first few tell enough.
    failed: [...a.failed, ...b.failed].slice(0, 100),
  }
}
