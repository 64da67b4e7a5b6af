import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { entropyOf, rootSeed } from '../../../protocol/identity/root.ts'
import { type Signer, signerFromSeed } from '../../../protocol/signature.ts'
import { englishWords } from '../../headless/headless.ts'
import type { Terminal } from '../command.ts'
import { CliError } from '../failure.ts'
import { readStartOfText } from '../read-start.ts'
import { sentenceOf } from './sentences.ts'

/** Who reads this file can do everything in its owner's name. */
const PHRASE_MODE = 0o600
/** 24 words of at most 8 letters take 215 characters; whatever is much longer is another file. */
const LONGEST_PHRASE = 4096

export interface PhraseOptions {
  readonly wordsFile?: string
}

/** For commands that need the root: the phrase stands in a file or on standard input, or is typed unseen. Never among the arguments, which every process can read. */
export function withPhraseOption(command: Command): Command {
  return command.option(
    '--words-file <file>',
    'the 24 words of your recovery phrase, in a file, or - for standard input; otherwise they are asked for',
  )
}

/** The phrase as it was written, whatever it is. */
export async function readPhrase(terminal: Terminal, { wordsFile }: PhraseOptions): Promise<string> {
  const text =
    wordsFile === undefined || wordsFile === '-'
      ? await terminal.readStdin()
      : await readStartOfText(resolve(terminal.folder, wordsFile), LONGEST_PHRASE).catch(
          (cause: NodeJS.ErrnoException) => {
            throw new CliError('file-unreadable', `${wordsFile} cannot be read (${cause.code}).`, { cause })
          },
        )
  return text.slice(0, LONGEST_PHRASE)
}

/** Makes a file with a phrase, for its owner alone. One that is there stays as it is. */
export async function writePhrase(
  { folder }: Terminal,
  file: string,
  phrase: readonly string[],
): Promise<void> {
  const text = `${phrase.join(' ')}\n`
  await writeFile(resolve(folder, file), text, { mode: PHRASE_MODE, flag: 'wx' }).catch(
    (cause: NodeJS.ErrnoException) => {
      throw cause.code === 'EEXIST'
        ? new CliError('file-exists', `${file} is there already, and stays as it is: choose another name.`)
        : new CliError('file-unwritable', `${file} cannot be written (${cause.code}).`, { cause })
    },
  )
}

/** The root of a phrase in a community. @param nonce of its genesis @throws CliError `phrase-wrong` */
export async function rootOf(phrase: string, nonce: Uint8Array): Promise<Signer> {
  return signerFromSeed(await rootSeedOf(phrase, nonce))
}

/** The seed of that root. @throws CliError `phrase-wrong` */
export async function rootSeedOf(phrase: string, nonce: Uint8Array): Promise<Uint8Array> {
  const entropy = entropyOf(phrase, await englishWords())
  if (entropy === undefined) throw new CliError('phrase-wrong', sentenceOf('phrase-wrong'))
  return rootSeed(entropy, nonce)
}
