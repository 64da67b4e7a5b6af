/** One worker of `worker-crew.ts`: a thread of Node. */

import { parentPort } from 'node:worker_threads'
import { type BatchVerifier, createBatchVerifier } from '../../protocol/signature.ts'
import { batchEngine } from '../crypto/edwards/batch.ts'
import { checkBatch } from './checking.ts'
import { nodeSha256, nodeSha512 } from './sha.ts'
import { hashPart, hashRecords } from './state-root.ts'
import { buffersOf } from './strings.ts'
import type { Answer, Task } from './worker-task.ts'

/** Keys whose admission is remembered, 100 bytes each. One that was forgotten is decoded again in any case; admitting it takes half of that. */
const REMEMBERED_KEYS = 131_072

if (parentPort === null) throw new Error('this is a worker')
const port = parentPort
let engine: Promise<BatchVerifier> | undefined

/** Made when it is needed: who hashes records does without it. */
function verifier(): Promise<BatchVerifier> {
  engine ??= batchEngine({ sha512: nodeSha512 }).then((made) => createBatchVerifier(made, REMEMBERED_KEYS))
  return engine
}

function tell<T extends Answer>(answer: T, ...arrays: readonly ArrayBufferView[]): void {
  port.postMessage(answer, buffersOf(...arrays))
}

async function work(task: Task): Promise<void> {
  switch (task.kind) {
    case 'check': {
      const checked = checkBatch(await verifier(), nodeSha256, task.batch)
      return tell(checked, checked.leaves, checked.verdicts)
    }
    case 'records': {
      const hashed = hashRecords(task.batch, nodeSha256)
      return tell(hashed, hashed.leaves, hashed.ends)
    }
    case 'part':
      return tell(hashPart(task.leaves, nodeSha256))
  }
}

/** Answers go in the order of tasks. */
let last: Promise<void> = Promise.resolve()
port.on('message', (task: Task) => {
  last = last.then(() => work(task))
})
