import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { checkpointBytes, type SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import { cosign } from '../../protocol/log/cosignature.ts'
import { encodeSignature } from '../../protocol/log/signed-note.ts'
import { SEED_BYTES, type Signer, signerFromSeed } from '../../protocol/signature.ts'
import { LedgerFollower, type Look } from '../audit/follow.ts'
import { SourceError } from '../audit/source.ts'
import { writePieces } from './audit/files.ts'
import { withMeans } from './audit/means.ts'
import { writeEvidence, writtenText } from './audit/views.ts'
import { examples, type Start, type Terminal } from './command.ts'
import { CliError, EXIT, type ExitStatus } from './failure.ts'
import { count } from './output.ts'
import { readStartOfText } from './read-start.ts'
import { asCliError, openSource, SOURCE_HELP } from './source.ts'

/** A log merges every few seconds; nobody is helped by hearing of it sooner. Seconds. */
const DEFAULT_INTERVAL = 30
const LONGEST_INTERVAL = 86_400
/** A seed in hex, and room around it; what is longer is none. Bytes. */
const LONGEST_SEED = 256

interface WatchOptions {
  readonly interval: string
  readonly once?: boolean
  readonly witnessKey?: string
  readonly cosigned?: string
  readonly evidence: string
}

const EXPLANATION = `
The first look verifies the whole ledger, each further one what came since: that the tree goes on from the one before,
every new entry, the state, the signatures. Each look in which something happened is one line; with --json one line of
JSON: { "time", "size", "grown", "findings": [{ "code", "detail", ... }] }. An alarm is a line with findings.

A relay that does not answer is told of ("unreachable") and asked again. With --once there is one look, and its status.
Otherwise it goes on until it is asked to end; the status is 1 when there was an alarm.

--witness-key is a file with an Ed25519 seed, 64 hex digits. Each good checkpoint is then cosigned with it, after the
checks; the line goes to the output, and the whole checkpoint to the file of --cosigned, for others to fetch.
`

/** `palabre watch`. */
export function declareWatch(program: Command, start: Start): void {
  program
    .command('watch')
    .description('Keep verifying a log, and raise the alarm.')
    .argument('<relay>', SOURCE_HELP)
    .option('--interval <seconds>', 'time between two looks', String(DEFAULT_INTERVAL))
    .option('--once', 'look once')
    .option('--witness-key <file>', 'cosign what is good')
    .option('--cosigned <file>', 'where the last cosigned checkpoint goes')
    .option('--evidence <file>', 'where evidence of two histories is written', 'palabre-evidence.cbor')
    .addHelpText('after', EXPLANATION)
    .addHelpText(
      'after',
      examples(
        ['palabre watch https://relay.example.org', 'watch a relay'],
        ['palabre watch https://relay.example.org --json | tee -a watch.log', 'for another program'],
        ['palabre watch https://relay.example.org --once || mail …', 'from time to time, by cron'],
        [
          'palabre watch https://relay.example.org --witness-key seed --cosigned www/checkpoint',
          'be a witness',
        ],
      ),
    )
    .action(start(watch))
}

async function watch(terminal: Terminal, named: string, options: WatchOptions): Promise<ExitStatus> {
  const { folder, signal, output } = terminal
  const interval = readInterval(options.interval)
  const witness = options.witnessKey === undefined ? undefined : await readSeed(options.witnessKey, folder)
  if (options.cosigned !== undefined && witness === undefined)
    throw new CliError('usage', '--cosigned wants --witness-key; see --help.')
  const source = await openSource(named, folder)
  try {
    return await withMeans(terminal, async (means) => {
      const follower = new LedgerFollower(source, means)
      if (options.once) {
        const look = await asCliError(() => follower.look(signal))
        await tell(terminal, look, options, witness)
        return look.findings.length > 0 ? EXIT.findings : EXIT.ok
      }
      let alarms = 0
      while (!signal.aborted) {
        try {
          const look = await follower.look(signal)
          alarms += look.findings.length
          await tell(terminal, look, options, witness)
        } catch (error) {
          if (signal.aborted) break
          if (!(error instanceof SourceError)) throw error
          const { code, message } = error
          output.result({ time: now(), unreachable: { code, message } }, `${now()}  unreachable  ${message}`)
        }
        await sleep(interval * 1000, undefined, { signal }).catch(() => {})
      }
      return alarms > 0 ? EXIT.findings : EXIT.ok
    })
  } finally {
    await source.close()
  }
}

/** One line for a look in which something happened. */
async function tell(
  terminal: Terminal,
  look: Look,
  options: WatchOptions,
  witness: Signer | undefined,
): Promise<void> {
  const { output } = terminal
  const { size, grown, findings, evidence, checkpoint } = look
  if (grown === 0 && findings.length === 0) return
  const written = evidence && (await writeEvidence(evidence, options.evidence, terminal))
  const good = findings.length === 0 ? checkpoint : undefined
  const line = good && witness && (await cosigned(terminal, good, witness, options.cosigned))
  const document = {
    time: now(),
    size,
    grown,
    findings,
    ...written,
    ...(line && { cosignature: line }),
  }
  output.result(document, () => {
    const lines = findings.map(({ code, detail }) => `${now()}  ALARM  ${code}  ${detail}`)
    if (lines.length === 0) lines.push(`${now()}  ${count(size)} entries, ${count(grown)} new, all good`)
    if (written !== undefined) lines.push(writtenText(written))
    if (line !== undefined) lines.push(line)
    return lines.join('\n')
  })
}

/** Cosigns a checkpoint that was verified. Returns the signature line. */
async function cosigned(
  { folder }: Terminal,
  checkpoint: SignedCheckpoint,
  witness: Signer,
  named: string | undefined,
): Promise<string> {
  const { note } = checkpoint
  const signature = await cosign(witness, note.text, Math.floor(Date.now() / 1000))
  if (named !== undefined) {
    const signatures = [...note.signatures, signature]
    await writePieces(named, folder, [checkpointBytes({ ...checkpoint, note: { ...note, signatures } })])
  }
  return encodeSignature(signature).trimEnd()
}

async function readSeed(named: string, folder: string): Promise<Signer> {
  const path = resolve(folder, named)
  let text: string
  try {
    text = (await readStartOfText(path, LONGEST_SEED)).trim()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new CliError('source-unreadable', `The key ${path} cannot be read (${code}).`, { cause })
  }
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new CliError('key-malformed', `${path} is no seed: it has not ${2 * SEED_BYTES} hex digits.`)
  return signerFromSeed(new Uint8Array(Buffer.from(text, 'hex')))
}

function readInterval(text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : 0
  if (seconds >= 1 && seconds <= LONGEST_INTERVAL) return seconds
  throw new CliError(
    'usage',
    `--interval is a whole number of seconds from 1 to ${LONGEST_INTERVAL}; see --help.`,
  )
}

function now(): string {
  return new Date().toISOString()
}
