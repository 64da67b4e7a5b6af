/** The worker behind `verify.ts`, in a browser: reads the log's files from the relay and judges all of it, away from the page. */

import { sha256 } from '@noble/hashes/sha2.js'
import { base64pad } from 'multiformats/bases/base64'
import { createBatchVerifier } from '../../protocol/signature.ts'
import { type Audit, auditLedger } from '../audit/audit.ts'
import { type Crew, checkBatch } from '../audit/checking.ts'
import { httpSource } from '../audit/http-source.ts'
import { SourceError } from '../audit/source.ts'
import { batchEngine } from '../crypto/edwards/batch.ts'
import { platformVerifier } from '../crypto/native.ts'
import type { AuditAnswer, AuditQuestion } from './audit-messages.ts'
import type { AuditView } from './view.ts'

/** Keys whose admission is remembered: those of a community of some ten thousand. 100 bytes each. */
const REMEMBERED_KEYS = 65_536
/** Progress is told so often at most. Milliseconds. */
const TOLD_EVERY = 100

/** What this file needs of the worker's global. */
interface WorkerGlobal {
  postMessage(answer: AuditAnswer): void
  addEventListener(type: 'message', listener: (event: MessageEvent<AuditQuestion>) => void): void
}
const worker = globalThis as unknown as WorkerGlobal

worker.addEventListener('message', ({ data }) => void answer(data))

async function answer({ log, community }: AuditQuestion): Promise<void> {
  try {
    const began = performance.now()
    let told = 0
    const audit = await auditLedger(httpSource(new URL(log)), await means(), {
      community,
      signal: new AbortController().signal,
      progress(done, of) {
        if (performance.now() - told < TOLD_EVERY) return
        told = performance.now()
        worker.postMessage({ kind: 'progress', done, of })
      },
    })
    worker.postMessage({ kind: 'done', view: viewOf(audit, performance.now() - began) })
  } catch (error) {
    // Whoever asked tells the person, and the console has the cause.
    console.error(error)
    worker.postMessage({ kind: 'failed', away: error instanceof SourceError })
  }
}

async function means() {
  const batches = createBatchVerifier(await batchEngine(), REMEMBERED_KEYS)
  // This worker is the whole crew: the page has the other processor.
  const crew: Crew = {
    width: 1,
    check: async (batch) => checkBatch(batches, sha256, batch),
    close: async () => {},
  }
  return { crew, verifier: await platformVerifier(), sha256 }
}

function viewOf({ state, head, checkpoint, cosigned, findings }: Audit, took: number): AuditView {
  return {
    entries: head.size,
    members: state === undefined ? 0 : state.members.size,
    until: (state?.time ?? 0) * 1000,
    took,
    root: base64pad.baseEncode(head.root),
    state: head.state && base64pad.baseEncode(head.state),
    signed: checkpoint !== undefined,
    cosigned,
    witnesses:
      state === undefined ? { k: 0, of: 0 } : { k: state.witnesses.k, of: state.witnesses.keys.length },
    findings: findings.map(({ code, index }) => ({ code, index })),
  }
}
