/** The worker behind `page-crew.ts`, in a browser: verifies the signatures of a ledger that the page reads. */

import { sha256 } from '@noble/hashes/sha2.js'
import { createBatchVerifier } from '../../protocol/signature.ts'
import { type Batch, type Checked, checkBatch } from '../audit/checking.ts'
import { batchEngine } from '../crypto/edwards/batch.ts'

/** Keys whose admission is remembered: those of a community of some ten thousand. 100 bytes each. */
const REMEMBERED_KEYS = 65_536

/** What this file needs of the worker's global. */
interface WorkerGlobal {
  postMessage(answer: Checked, transfer: readonly ArrayBufferLike[]): void
  reportError(error: unknown): void
  addEventListener(type: 'message', listener: (event: MessageEvent<Batch>) => void): void
}
const worker = globalThis as unknown as WorkerGlobal
const verifier = batchEngine().then((engine) => createBatchVerifier(engine, REMEMBERED_KEYS))

// What fails here is told to the page as an error of the worker, which does without it then.
worker.addEventListener(
  'message',
  ({ data }) => void answer(data).catch((error) => worker.reportError(error)),
)

async function answer(batch: Batch): Promise<void> {
  const checked = checkBatch(await verifier, sha256, batch)
  worker.postMessage(checked, [checked.leaves.buffer, checked.verdicts.buffer])
}
