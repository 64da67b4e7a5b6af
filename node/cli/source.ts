import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileSource } from '../audit/file-source.ts'
import { folderSource } from '../audit/folder-source.ts'
import { httpSource } from '../audit/http-source.ts'
import { type LedgerSource, SourceError } from '../audit/source.ts'
import { CliError } from './failure.ts'

/** What an argument may name, for help texts. */
export const SOURCE_HELP = 'address of a relay, folder of tiles, or ledger file'

/** Where a relay serves its log. */
const LOG_PATH = 'log/'

/** Opens what an argument names. Throws CliError when there is nothing to open. @param folder against which paths are resolved */
export async function openSource(named: string, folder: string): Promise<LedgerSource> {
  if (/^https?:\/\//i.test(named)) return httpSource(logAddress(named))
  const path = resolve(folder, named)
  return asCliError(async () => ((await isFolder(path)) ? folderSource(path) : await fileSource(path)))
}

/** Runs something that reads a source, and tells what was wrong with the source as the CLI does. */
export async function asCliError<T>(reading: () => Promise<T>): Promise<T> {
  try {
    return await reading()
  } catch (error) {
    if (error instanceof SourceError) throw new CliError(error.code, error.message, { cause: error })
    throw error
  }
}

/** The log of a relay whose page was named, or a log that was named itself. */
function logAddress(named: string): URL {
  if (!URL.canParse(named)) throw new CliError('usage', `${named} is no address; see --help.`)
  const url = new URL(named)
  const path = url.pathname.replace(/\/?$/, '/')
  return new URL(path.endsWith(`/${LOG_PATH}`) ? path : `${path}${LOG_PATH}`, url.origin)
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new CliError('source-missing', `There is neither a file nor a folder ${path}.`, { cause: error })
    throw new CliError('source-unreadable', `${path} cannot be read (${code}).`, { cause: error })
  }
}
