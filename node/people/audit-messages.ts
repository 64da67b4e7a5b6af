import type { CommunityId } from '../../protocol/ids.ts'
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
