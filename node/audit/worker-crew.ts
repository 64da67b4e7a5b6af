import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type Checked, type Crew, memoryOf } from './checking.ts'
import type { PartedLeaves } from './state-root.ts'
import { buffersOf } from './strings.ts'
import type { Answer, Task } from './worker-task.ts'

/** More would wait for the one who judges in order. */
const MOST_WORKERS = 8

/**
 * What a worker needs for a few batches and the keys that it remembers, in megabytes. Without a bound its engine would rather grow by
 * hundreds of them than clean up.
 */
const WORKER_MEMORY = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 24 }

/**
 * As many threads of Node as the machine has processors, each started when there is work that no other has time for: most of what is asked for needs
 * one of them, or none.
 */
export function workerCrew(workers = Math.min(availableParallelism(), MOST_WORKERS)): Crew {
  const hands: Hand[] = []
  const ask = <T extends Answer>(task: Task, memory: ArrayBuffer[]): Promise<T> => {
    const [least] = hands.toSorted((a, b) => a.busy() - b.busy())
    if (least !== undefined && (least.busy() === 0 || hands.length >= workers)) return least.ask(task, memory)
    const hand = createHand()
    hands.push(hand)
    return hand.ask(task, memory)
  }
  return {
    width: workers,
    check: (batch) => ask<Checked>({ kind: 'check', batch }, memoryOf(batch)),
    hashers: {
      width: workers,
      hashRecords(batch) {
        const { names, values } = batch
        const memory = buffersOf(names.bytes, names.ends, values.bytes, values.ends)
        return ask<PartedLeaves>({ kind: 'records', batch }, memory)
      },
      hashPart: (leaves) => ask<Uint8Array>({ kind: 'part', leaves }, buffersOf(leaves)),
    },
    async close() {
      await Promise.all(hands.splice(0).map((hand) => hand.close()))
    },
  }
}

interface Hand {
  /** How many tasks it has to do. */
  busy(): number
  ask<T extends Answer>(task: Task, memory: ArrayBuffer[]): Promise<T>
  close(): Promise<void>
}

function createHand(): Hand {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { resourceLimits: WORKER_MEMORY })
  /** It answers in the order in which it was asked. */
  const asked: PromiseWithResolvers<Answer>[] = []
  const fail = (cause: unknown): void => {
    for (const { reject } of asked.splice(0)) reject(cause)
  }
  worker.on('message', (answer: Answer) => asked.shift()?.resolve(answer))
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error('a worker of the audit has ended')))
  return {
    busy: () => asked.length,
    ask<T extends Answer>(task: Task, memory: ArrayBuffer[]): Promise<T> {
      const answer = Promise.withResolvers<Answer>()
      asked.push(answer)
      worker.postMessage(task, memory)
      return answer.promise as Promise<T>
    },
    async close() {
      await worker.terminate()
    },
  }
}
