import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Batch, Checked, Crew } from './checking.ts'

/** More would wait for the one who judges in order. */
const MOST_WORKERS = 8

/**
 * What a worker needs for a few batches and the keys that it remembers, in megabytes. Without a bound its engine would rather grow by
 * hundreds of them than clean up.
 */
const WORKER_MEMORY = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 24 }

/** As many threads of Node as the machine has processors. */
export function workerCrew(workers = Math.min(availableParallelism(), MOST_WORKERS)): Crew {
  const hands = Array.from({ length: workers }, createHand)
  return {
    width: workers,
    check(batch) {
      const [least] = hands.toSorted((a, b) => a.busy() - b.busy())
      if (least === undefined) throw new RangeError('a crew has workers')
      return least.check(batch)
    },
    async close() {
      await Promise.all(hands.map((hand) => hand.close()))
    },
  }
}

interface Hand {
  /** How many batches it has to do. */
  busy(): number
  check(batch: Batch): Promise<Checked>
  close(): Promise<void>
}

function createHand(): Hand {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { resourceLimits: WORKER_MEMORY })
  /** It answers in the order in which it was asked. */
  const asked: PromiseWithResolvers<Checked>[] = []
  const fail = (cause: unknown): void => {
    for (const { reject } of asked.splice(0)) reject(cause)
  }
  worker.on('message', (checked: Checked) => asked.shift()?.resolve(checked))
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error('a worker of the audit has ended')))
  return {
    busy: () => asked.length,
    check(batch) {
      const answer = Promise.withResolvers<Checked>()
      asked.push(answer)
      worker.postMessage(batch)
      return answer.promise
    },
    async close() {
      await worker.terminate()
    },
  }
}
