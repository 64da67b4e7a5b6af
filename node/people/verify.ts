import type { CommunityId } from '../../protocol/ids.ts'
import { PeerError } from '../errors.ts'
import type { AuditView } from './view.ts'

/** What the worker is asked. @param log where the log's files are */
export interface AuditQuestion {
  readonly log: string
  readonly community: CommunityId
}

export type AuditAnswer =
  | { readonly kind: 'progress'; readonly done: number; readonly of: number }
  | { readonly kind: 'done'; readonly view: AuditView }
  /** `away`: the log's files could not be read. */
  | { readonly kind: 'failed'; readonly away: boolean }

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
