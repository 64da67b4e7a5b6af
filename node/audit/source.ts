/**
 * Where a ledger is read from: the static files of a log on a relay or in a folder, or one exported file. Nothing that comes out of it is
 * believed. It has no part of its own in any verdict, so that what is served badly and what is said badly are told apart: the first is a
 * `SourceError`, the second a finding.
 */
export interface LedgerSource {
  /** For people. */
  readonly name: string
  /** The bytes of the newest signed checkpoint. Throws SourceError when there is none. */
  checkpoint(signal: AbortSignal): Promise<Uint8Array>
  /**
   * The entry bundles of a tree of this size, in order, from the one that holds the entry `from`. One that is not there is `undefined`,
   * and the last. Throws SourceError when nobody answers.
   */
  bundles(from: number, size: number, signal: AbortSignal): AsyncIterable<Uint8Array | undefined>
  /** A hash tile, by its level, index and width; `undefined` when it is not there. Left out where the source has none. */
  readonly hashTile?: (
    tile: { readonly level: number; readonly index: number; readonly width: number },
    signal: AbortSignal,
  ) => Promise<Uint8Array | undefined>
  close(): Promise<void>
}

/** Why a source could not be read. */
export const SOURCE_ERROR_CODES = [
  /** There is no such file or folder, or the address leads to no log. */
  'source-missing',
  /** It is there and says nothing that could be read: no answer, an error of the server, no permission. */
  'source-unreadable',
  /** It is no ledger file, or one that was cut short or changed. */
  'file-malformed',
] as const

export type SourceErrorCode = (typeof SOURCE_ERROR_CODES)[number]

export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly code: SourceErrorCode

  constructor(code: SourceErrorCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.code = code
  }
}
