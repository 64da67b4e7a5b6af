/** One worker of `worker-crew.ts`: a thread of Node. */

import { parentPort } from 'node:worker_threads'
import { createBatchVerifier } from '../../protocol/signature.ts'
import { batchEngine } from '../crypto/edwards/batch.ts'
import { type Batch, checkBatch } from './checking.ts'
import { nodeSha256 } from './sha256.ts'

/** Keys whose admission is remembered: a ledger of a million entries comes back to its members' keys all the time. 100 bytes each. */
const REMEMBERED_KEYS = 262_144

if (parentPort === null) throw new Error('this is a worker')
const port = parentPort
const verifier = createBatchVerifier(await batchEngine(), REMEMBERED_KEYS)

port.on('message', (batch: Batch) => {
  const checked = checkBatch(verifier, nodeSha256, batch)
  port.postMessage(checked, [checked.leaves.buffer as ArrayBuffer, checked.verdicts.buffer as ArrayBuffer])
})
