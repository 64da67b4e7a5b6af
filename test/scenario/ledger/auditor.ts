import { type Audit, auditLedger } from '../../../node/audit/audit.ts'
import { type Crew, checkBatch } from '../../../node/audit/checking.ts'
import type { LedgerSource } from '../../../node/audit/source.ts'
import { batchEngine } from '../../../node/crypto/edwards/batch.ts'
import { platformVerifier } from '../../../node/crypto/native.ts'
import { createBatchVerifier } from '../../../protocol/signature.ts'
import { sha256 } from '../../../relay/tree/sha256.ts'

/** For a ledger of some dozen entries, on a machine that does other things too. Milliseconds. */
const AUDIT_PATIENCE = 30_000

/** What a worker does, without the thread: these ledgers are small. */
const signatures = createBatchVerifier(await batchEngine(), 1024)
const crew: Crew = {
  width: 1,
  check: async (batch) => checkBatch(signatures, sha256, batch),
  close: async () => {},
}
const means = { crew, verifier: await platformVerifier(), sha256 }

/** What somebody finds who trusts nobody, and reads a ledger from its first entry. @param marks sizes at which to note the tree */
export function audit(source: LedgerSource, marks: readonly number[] = []): Promise<Audit> {
  return auditLedger(source, means, { marks, signal: AbortSignal.timeout(AUDIT_PATIENCE) })
}
