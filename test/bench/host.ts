/** What the benchmarks of sound listen to: a relay, and a room in which somebody speaks without drawing breath. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Pcm, pcmToBytes, readWav } from '../support/hearing-pcm.ts'
import { type Person, person } from '../support/person.ts'
import { ALICE, type Recording } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { ensureApp } from './app.ts'

/** The title of the room. */
export const ROOM = 'Under the tree'

export interface Host {
  readonly relay: RelayProcess
  readonly alice: Person
  /** Links of invitations, each for one newcomer. */
  readonly links: readonly string[]
  close(): Promise<void>
}

/** Founds a community, makes `invitations`, opens a room and speaks in it. @param flags more of what the relay's owner may say */
export async function openHouse(invitations: number, flags: readonly string[] = []): Promise<Host> {
  await ensureApp()
  const folder = await mkdtemp(join(tmpdir(), 'palabre-bench-'))
  const relay = await startRelayProcess(flags)
  const alice = await person(await breathless(ALICE, folder), 'chromium')
  const close = async () => {
    await alice.close()
    await relay.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await alice.found(relay.foundingLink ?? '', 'Le Baobab')
    const links: string[] = []
    while (links.length < invitations) links.push(await alice.invite())
    await alice.openRoom(ROOM)
    await alice.openMicrophone()
    return { relay, alice, links, close }
  } catch (cause) {
    await close()
    throw cause
  }
}

/** Blocks under this root mean square, full scale = 1, are pauses: between phrases they last up to half a second, which would be measured. */
const PAUSE = 0.01
const BLOCK_SECONDS = 0.01

/** The recording without its pauses, as a file in `folder`. */
async function breathless(voice: Recording, folder: string): Promise<Recording> {
  const { rate, samples } = readWav(voice.path)
  const length = rate * BLOCK_SECONDS
  const spoken: number[] = []
  for (let start = 0; start + length <= samples.length; start += length) {
    const block = samples.subarray(start, start + length)
    const power = block.reduce((sum, sample) => sum + sample * sample, 0) / length
    if (Math.sqrt(power) >= PAUSE) spoken.push(...block)
  }
  const path = join(folder, `${voice.name}.wav`)
  await writeFile(path, wavOf({ rate, samples: Float32Array.from(spoken) }))
  return { name: voice.name, path, seconds: spoken.length / rate }
}

/** "RIFF" size "WAVE", "fmt " of PCM with one channel of 16 bits, "data". */
function wavOf(sound: Pcm): Buffer {
  const data = pcmToBytes(sound)
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + data.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(sound.rate, 24)
  head.writeUInt32LE(sound.rate * 2, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(data.length, 40)
  return Buffer.concat([head, data])
}
