import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { base64url } from 'multiformats/bases/base64'
import { openStatement, type Statement } from '../../../protocol/community/statement.ts'
import type { CommunityId } from '../../../protocol/ids.ts'
import { MAX_ENVELOPE_BYTES } from '../../../protocol/limits.ts'
import type { Terminal } from '../command.ts'
import { CliError } from '../failure.ts'

/** What a request file says it is. */
const FORMAT = 'palabre-request'
/** The largest envelope in base64url, and what stands around it. Characters. */
const LONGEST_REQUEST = Math.ceil((MAX_ENVELOPE_BYTES * 4) / 3) + 1024

/**
 * Writes a statement that others have to sign too. The file holds nothing secret, and nobody who carries it can change what was signed.
 * It takes the place of one that is there: that is how signatures come together.
 */
export async function writeRequest({ folder }: Terminal, file: string, statement: Uint8Array): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, version: 1, statement: base64url.baseEncode(statement) })
  await writeFile(resolve(folder, file), `${text}\n`).catch((cause: NodeJS.ErrnoException) => {
    throw new CliError('file-unwritable', `${file} cannot be written (${cause.code}).`, { cause })
  })
}

/** Reads a statement that is to be signed or submitted. */
export async function readRequest(
  { folder }: Terminal,
  file: string,
  community: CommunityId,
): Promise<Statement> {
  const text = await readFile(resolve(folder, file), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CliError('file-unreadable', `${file} cannot be read (${cause.code}).`, { cause })
  })
  const bytes = text.length <= LONGEST_REQUEST ? statementIn(text) : undefined
  if (bytes === undefined) throw new CliError('request-malformed', `${file} is no request of this program.`)
  const statement = openStatement(community, bytes)
  if (!statement.ok)
    throw new CliError(
      statement.reason,
      statement.reason === 'foreign-community'
        ? `What ${file} holds is for another community.`
        : `What ${file} holds is no statement of a ledger.`,
    )
  return statement.value
}

function statementIn(text: string): Uint8Array | undefined {
  try {
    const { format, version, statement } = JSON.parse(text)
    if (format !== FORMAT || version !== 1 || typeof statement !== 'string') return undefined
    return base64url.baseDecode(statement)
  } catch {
    // Neither parser has another way to say that it is none of theirs.
    return undefined
  }
}
