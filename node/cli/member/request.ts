import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Statement } from '../../../protocol/community/statement.ts'
import type { CommunityId } from '../../../protocol/ids.ts'
import { LONGEST_REQUEST, readRequestFile, requestFile } from '../../council/request.ts'
import type { Terminal } from '../command.ts'
import { CliError } from '../failure.ts'
import { readStartOfText } from '../read-start.ts'

/** Writes a statement that others have to sign too. It takes the place of one that is there: that is how signatures come together. */
export async function writeRequest({ folder }: Terminal, file: string, statement: Uint8Array): Promise<void> {
  await writeFile(resolve(folder, file), requestFile(statement)).catch((cause: NodeJS.ErrnoException) => {
    throw new CliError('file-unwritable', `${file} cannot be written (${cause.code}).`, { cause })
  })
}

/** Reads a statement that is to be signed or submitted. */
export async function readRequest(
  { folder }: Terminal,
  file: string,
  community: CommunityId,
): Promise<Statement> {
  const text = await readStartOfText(resolve(folder, file), LONGEST_REQUEST + 1).catch(
    (cause: NodeJS.ErrnoException) => {
      throw new CliError('file-unreadable', `${file} cannot be read (${cause.code}).`, { cause })
    },
  )
  const statement = readRequestFile(community, text)
  if (statement === undefined)
    throw new CliError('request-malformed', `${file} is no request of this program.`)
  if (statement.ok) return statement.value
  throw new CliError(
    statement.reason,
    statement.reason === 'foreign-community'
      ? `What ${file} holds is for another community.`
      : `What ${file} holds is no statement of a ledger.`,
  )
}
