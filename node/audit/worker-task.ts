import type { Batch, Checked } from './checking.ts'
import type { PartedLeaves, RecordBatch } from './state-root.ts'

/** What a worker of an audit is told. */
export type Task =
  | { readonly kind: 'check'; readonly batch: Batch }
  | { readonly kind: 'records'; readonly batch: RecordBatch }
  | { readonly kind: 'part'; readonly leaves: Uint8Array }

/** What it answers to each, in their order. */
export type Answer = Checked | PartedLeaves | Uint8Array
