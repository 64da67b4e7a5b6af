import type { StatementType } from './statement.ts'

/** An entry that changed nothing. */
export interface Void {
  readonly index: number
  readonly reason: string
  /** Of its statement, where that opens. */
  readonly type?: StatementType
}
