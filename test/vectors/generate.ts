import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { callFile } from './make/calls.ts'
import { cast } from './make/cast.ts'
import { codecCases } from './make/codec.ts'
import { signatureCases } from './make/ed25519.ts'
import { envelopeFile } from './make/envelope.ts'
import { fanoutFiles } from './make/fanout.ts'
import { frameCases } from './make/frames.ts'
import { historyFile } from './make/histories.ts'
import { ledgerCases } from './make/ledgers.ts'
import { logVectors } from './make/log.ts'
import { roomFiles } from './make/rooms.ts'
import { sealedFile } from './make/sealing.ts'
import { secrets } from './make/secrets.ts'
import { shapeFile } from './make/shapes.ts'
import { stateFile } from './make/state.ts'
import { statementFiles } from './make/statements.ts'
import { voiceFile } from './make/voices.ts'

/**
 * Makes the vectors beside it: `node test/vectors/generate.ts`. Keys come from labels and times are fixed, so it makes the same bytes every time; a
 * test holds the committed files against it.
 */
export async function vectorFiles(): Promise<Readonly<Record<string, unknown>>> {
  const people = await cast()
  return {
    codec: { spec: '§3.1', cases: codecCases() },
    envelope: await envelopeFile(people),
    ...(await statementFiles(people)),
    ...(await roomFiles(people)),
    history: await historyFile(people),
    ...(await fanoutFiles(people)),
    statements: await shapeFile(people),
    ledger: { spec: '§6.7', cases: await ledgerCases(people) },
    state: await stateFile(people),
    frames: { spec: '§9', cases: frameCases(people) },
    log: await logVectors(),
    sealed: sealedFile(people),
    call: callFile(people),
    secrets: secrets(people),
    voice: await voiceFile(people),
    'ed25519-edge': { spec: '§4.2', cases: signatureCases() },
  }
}

/** The text of a vector file: one space a level, so that a change shows where it is. */
export function spell(file: unknown): string {
  return `${JSON.stringify(file, null, 1)}\n`
}

if (import.meta.main) {
  mkdirSync(import.meta.dirname, { recursive: true })
  for (const [name, file] of Object.entries(await vectorFiles())) {
    writeFileSync(join(import.meta.dirname, `${name}.json`), spell(file))
  }
}
