/**
 * A sound card made of software: a PulseAudio daemon of our own with one microphone and one ear.
 *
 * Each browser gets a card to itself, so it can neither hear nor be heard by another except over the network, and what
 * the ear receives is, sample for sample, what a person at that browser would hear.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Pcm, pcmFromBytes, pcmToBytes, readWav } from './hearing-pcm.ts'
import type { Recording } from './recordings/recordings.ts'

/** The card works at the rate of WebRTC, so that nothing resamples on the way. In Hz. */
const RATE = 48_000
/** The ear's recordings are made at this rate: enough for speech, a third of the bytes. In Hz. */
const EAR_RATE = 16_000
/** How far apart the stretches begin that are listened to until one is enough: as often as judging them leaves a processor to the browsers. In seconds. */
const APART = 2
/** A daemon whose test was killed ends itself after this long without a client, in seconds. */
const ORPHAN_SECONDS = 600

export class SoundCardError extends Error {
  override readonly name = 'SoundCardError'
}

export interface SoundCard {
  /** Variables that make a process use this card, and no other, for all its sound. */
  readonly env: Readonly<Record<string, string>>
  /** Plays `recording` into the microphone, over and over, from now on, instead of what it played before. */
  speak(recording: Recording): void
  /** Makes the microphone silent. */
  hush(): void
  /**
   * Records what the ear hears from now on: the first stretch of so many seconds that is enough, of those that begin every {@link APART} seconds.
   * @param enough the first one is, without. What it throws ends the listening
   */
  hear(seconds: number, enough?: (stretch: Pcm) => boolean): Promise<Pcm>
  /** Ends every process of the card. Safe to call twice. */
  stop(): Promise<void>
}

/** Starts a card with a silent microphone. Throws {@link SoundCardError} if PulseAudio cannot be started. */
export async function startSoundCard(): Promise<SoundCard> {
  const folder = await mkdtemp(join(tmpdir(), 'palabre-sound-'))
  const socket = join(folder, 'native')
  await writeFile(
    join(folder, 'daemon.conf'),
    `default-sample-rate = ${RATE}\nalternate-sample-rate = ${RATE}\n`,
  )
  await writeFile(
    join(folder, 'card.pa'),
    [
      `load-module module-null-sink sink_name=ear rate=${RATE} channels=1 sink_properties=device.description=Ear`,
      // What is played into the mouth comes out of the microphone.
      `load-module module-null-sink sink_name=mouth rate=${RATE} channels=1 sink_properties=device.description=Mouth`,
      'load-module module-remap-source master=mouth.monitor source_name=microphone source_properties=device.description=Microphone',
      'set-default-sink ear',
      'set-default-source microphone',
      `load-module module-native-protocol-unix auth-anonymous=1 socket=${socket}`,
      '',
    ].join('\n'),
  )
  const env = { PULSE_SERVER: `unix:${socket}`, PULSE_CONFIG: join(folder, 'daemon.conf') }
  const surroundings = { ...process.env, ...env, XDG_RUNTIME_DIR: folder, HOME: folder }
  const daemon = spawn(
    'pulseaudio',
    [
      '-n',
      '--daemonize=no',
      '--use-pid-file=no',
      `--exit-idle-time=${ORPHAN_SECONDS}`,
      '--log-level=info',
      '--log-target=stderr',
      '-F',
      join(folder, 'card.pa'),
    ],
    { env: surroundings, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const running = new Set<ChildProcess>([daemon])
  let mouth: ChildProcess | undefined

  function client(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { env: surroundings, stdio: ['pipe', 'pipe', 'inherit'] })
    running.add(child)
    child.once('exit', () => running.delete(child))
    return child
  }

  async function stop(): Promise<void> {
    mouth = undefined
    // The daemon last: a client that loses it complains aloud.
    for (const child of [...running].reverse()) await end(child)
    await rm(folder, { recursive: true, force: true })
  }

  try {
    await started(daemon)
  } catch (cause) {
    await stop()
    throw cause
  }

  function hush(): void {
    mouth?.kill()
    mouth = undefined
  }

  return {
    env,
    speak(recording) {
      hush()
      const sound = readWav(recording.path)
      mouth = client('pacat', [
        '--playback',
        '--raw',
        ...format(sound.rate),
        '--device=mouth',
        '--latency-msec=500',
      ])
      feed(mouth, pcmToBytes(sound))
    },
    hush,
    async hear(seconds, enough = () => true) {
      const ear = client('parec', [
        '--raw',
        ...format(EAR_RATE),
        '--device=ear.monitor',
        '--latency-msec=200',
      ])
      const wanted = Math.round(seconds * EAR_RATE) * 2
      let rest = Buffer.alloc(0)
      try {
        for await (const part of ear.stdout ?? []) {
          rest = Buffer.concat([rest, part])
          for (; rest.length >= wanted; rest = rest.subarray(APART * EAR_RATE * 2)) {
            const stretch = pcmFromBytes(rest.subarray(0, wanted), EAR_RATE)
            if (!enough(stretch)) continue
            ear.kill('SIGKILL') // before its pipe closes, of which it would complain
            return stretch
          }
        }
      } finally {
        await end(ear)
      }
      throw new SoundCardError('the ear went away while it listened')
    },
    stop,
  }
}

function format(rate: number): string[] {
  return [`--rate=${rate}`, '--format=s16le', '--channels=1']
}

/** Resolves when the daemon says that it is up; keeps its log flowing afterwards. */
async function started(daemon: ChildProcess): Promise<void> {
  const log: string[] = []
  const gone = new Promise<never>((_, reject) => {
    daemon.once('error', (cause) => reject(new SoundCardError('pulseaudio cannot be run', { cause })))
    daemon.once('exit', () => reject(new SoundCardError(`pulseaudio ended: ${log.slice(-5).join(' | ')}`)))
  })
  gone.catch(() => {}) // after the start, stop() ends the daemon and nobody waits for this any more
  const up = new Promise<void>((resolve) => {
    createInterface({ input: daemon.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      log.push(line)
      if (line.includes('Daemon startup complete')) resolve()
    })
  })
  await Promise.race([up, gone])
}

/** Writes `bytes` into the child's input over and over, as fast as it takes them, until it ends. */
function feed(child: ChildProcess, bytes: Buffer): void {
  const input = child.stdin
  if (input === null) throw new TypeError('the child has no input')
  input.on('error', () => {}) // the pipe breaks when the child is ended: that is how feeding stops
  const pour = () => {
    if (child.exitCode === null && !child.killed && input.writable)
      input.write(bytes, (failed) => failed || pour())
  }
  pour()
}

/** Ends a child and waits until it is gone. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL') // nothing of a sound card is worth a farewell
  await gone
}
