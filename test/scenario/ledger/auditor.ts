import { onTestFinished } from 'vitest'
import { type Audit, auditLedger } from '../../../node/audit/audit.ts'
import { nodeSha256 } from '../../../node/audit/sha256.ts'
import type { LedgerSource } from '../../../node/audit/source.ts'
import { workerCrew } from '../../../node/audit/worker-crew.ts'
import { platformVerifier } from '../../../node/crypto/native.ts'

/** Somebody who trusts nobody, and reads a ledger from its first entry. */
export interface Auditor {
  /** @param marks sizes at which to note the tree */
  audit(source: LedgerSource, marks?: readonly number[]): Promise<Audit>
}

/** For the test that calls this. */
export async function hireAuditor(): Promise<Auditor> {
  const crew = workerCrew(1)
  onTestFinished(() => crew.close())
  const means = { crew, verifier: await platformVerifier(), sha256: nodeSha256 }
  return {
    audit: (source, marks = []) =>
      auditLedger(source, means, { marks, signal: AbortSignal.timeout(AUDIT_PATIENCE) }),
  }
}

/** For a ledger of some dozen entries, on a machine that does other things too. Milliseconds. */
const AUDIT_PATIENCE = 30_000
