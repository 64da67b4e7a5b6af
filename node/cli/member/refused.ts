import { PeerError, type PeerErrorCode } from '../../errors.ts'
import { StorageError } from '../../ports/storage.ts'
import { reasonOf } from '../../refusal.ts'
import { CliError, RefusedError } from '../failure.ts'
import { sentenceOf } from './sentences.ts'

/** What could not be done, or was asked for wrongly. Everything else is a refusal by somebody who may refuse. */
const NOT_DONE: ReadonlySet<PeerErrorCode> = new Set([
  'relay-unreachable',
  'storage-unavailable',
  'other-tab',
  'phrase-wrong',
  'name-invalid',
  'invitation-damaged',
  'title-invalid',
  'room-gone',
  'room-unreachable',
  'internal',
])

/** Runs what a peer does; how it can fail becomes a code and a sentence. What is no failure of a peer is a defect, and stays what it is. */
export async function told<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof PeerError) throw tellable(error)
    if (error instanceof StorageError)
      throw new CliError('storage-unavailable', sentenceOf('storage-unavailable'), { cause: error })
    throw error
  }
}

function tellable(error: PeerError): CliError {
  const { code } = error
  if (NOT_DONE.has(code)) return new CliError(code, sentenceOf(code), { cause: error })
  const reason = reasonOf(error) ?? code
  return new RefusedError(reason, sentenceOf(reason), { cause: error })
}
