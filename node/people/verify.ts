import type { CommunityId } from '../../protocol/ids.ts'
import { PeerError } from '../errors.ts'
import type { AuditAnswer, AuditQuestion } from './audit-messages.ts'
import type { AuditView } from './view.ts'

/**
 * Audits the community's ledger in a worker of the browser: all of it, from the files that the relay serves to anybody.
 * @param origin of the site
 * @throws PeerError; the signal's reason when it was aborted
 */
export function verifyLedger(
  origin: string,
  community: CommunityId,
  progress: (done: number, of: number) => void,
  signal: AbortSignal,
): Promise<AuditView> {
  signal.throwIfAborted()
  const worker = new Worker(new URL('./audit-worker.ts', import.meta.url), { type: 'module' })
  const result = Promise.withResolvers<AuditView>()
  worker.addEventListener('message', ({ data }: MessageEvent<AuditAnswer>) => {
    switch (data.kind) {
      case 'progress':
        progress(data.done, data.of)
        break
      case 'done':
        result.resolve(data.view)
        break
      case 'failed':
        result.reject(new PeerError(data.away ? 'relay-unreachable' : 'internal'))
    }
  })
  // It could not even be loaded: the relay serves its code, too.
  worker.addEventListener('error', (event) =>
    result.reject(new PeerError('relay-unreachable', { cause: event.message })),
  )
  signal.addEventListener('abort', () => result.reject(signal.reason))
  const question: AuditQuestion = { log: new URL('/log/', origin).href, community }
  worker.postMessage(question)
  return result.promise.finally(() => worker.terminate())
}
