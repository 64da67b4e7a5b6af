/**
 * Listens to every remote voice apart, inside the page.
 *
 * With five people in a room the ear hears a chorus; this keeps the sound of each remote audio track by itself. It adds
 * a listener to each RTCPeerConnection and an audio graph that ends in silence: the page's own objects, events and
 * sound stay as they are.
 */

import { type Pcm, pcmFromBytes } from './hearing-pcm.ts'

/** One remote audio track, as the page received it. */
export interface RemoteTrack {
  /** The connection it came over: 0 for the page's first, in order of construction. */
  readonly connection: number
  /** The first stream the sender put it in, or '' if none. */
  readonly stream: string
  readonly track: string
  /** What was received since the page started or `forgetTracks`, at most the last 20 s. */
  readonly sound: Pcm
}

/** What the script leaves in the page, for the functions below. */
interface Lab {
  tracks(): { connection: number; stream: string; track: string; rate: number; pcm: string }[]
  /** Seconds kept of each live track. */
  seconds(): number[]
  forget(): void
  audio(): Promise<Flow[]>
}

/** What went over one connection of the page so far: packets of sound, each way. */
export interface Flow {
  readonly sent: number
  readonly received: number
}

declare global {
  interface Window {
    __lab: Lab
  }
}

/** Just what these functions need of a page. */
interface Evaluator {
  evaluate<R>(run: () => R | Promise<R>): Promise<R>
  waitUntil<A>(holds: (argument: A) => boolean, argument: A, timeout?: number): Promise<void>
}

/** All remote audio tracks of the page so far, ended ones too. */
export async function remoteTracks(page: Evaluator): Promise<readonly RemoteTrack[]> {
  const tracks = await page.evaluate(() => window.__lab.tracks())
  return tracks.map(({ connection, stream, track, rate, pcm }) => ({
    connection,
    stream,
    track,
    sound: pcmFromBytes(Buffer.from(pcm, 'base64'), rate),
  }))
}

/** What goes over each connection of the page that is open. */
export async function audioFlows(page: Evaluator): Promise<readonly Flow[]> {
  return page.evaluate(() => window.__lab.audio())
}

/** Forgets what was received so far, so that the next reading is of what comes from now on. */
export async function forgetTracks(page: Evaluator): Promise<void> {
  await page.evaluate(() => window.__lab.forget())
}

/** Waits until `count` live tracks have each brought `seconds` of sound (silence counts: its packets arrive too). */
export async function tracksFlowed(page: Evaluator, count: number, seconds: number): Promise<void> {
  await page.waitUntil(
    (wanted) => window.__lab.seconds().filter((had) => had >= wanted.seconds).length >= wanted.count,
    { count, seconds },
    (seconds + 30) * 1000,
  )
}

/** Runs in the page before any of its scripts; may use nothing from outside itself. */
function install(): void {
  const KEPT_SECONDS = 20
  /** Enough for speech, a third of the bytes. In Hz. */
  const KEPT_RATE = 16_000
  interface Kept {
    connection: number
    stream: string
    track: MediaStreamTrack
    /** Of its samples, in Hz. */
    rate: number
    blocks: Float32Array[]
    samples: number
    /** Held here, or the collector takes them. */
    graph: unknown[]
  }
  const kept: Kept[] = []
  /** Not held here: a browser makes five hundred of a page at most, counted until they are collected, and in a long story more come and go. */
  const connections: WeakRef<RTCPeerConnection>[] = []
  let context: AudioContext | undefined

  /** Whether anybody has asked. A test that only uses its ears has processors to spare: what nobody asks for is not kept. */
  let asked = false

  function arrive(connection: number, { track, streams: [stream] }: RTCTrackEvent): void {
    if (track.kind !== 'audio') return
    const entry: Kept = {
      connection,
      stream: stream?.id ?? '',
      track,
      rate: 0,
      blocks: [],
      samples: 0,
      graph: [],
    }
    kept.push(entry)
    // Chromium decodes a remote track, and gives its sound to an audio graph, only while a media element plays it; not every page has one.
    const puller = new Audio()
    puller.muted = true
    puller.srcObject = new MediaStream([track])
    puller.play().catch(() => {}) // the element goes away with the page
    entry.graph.push(puller)
    if (asked) listen(entry)
  }

  function begin(): void {
    if (asked) return
    asked = true
    kept.forEach(listen)
  }

  function listen(entry: Kept): void {
    context ??= new AudioContext()
    const audio = context
    const every = Math.max(1, Math.floor(audio.sampleRate / KEPT_RATE))
    const rate = audio.sampleRate / every
    entry.rate = rate
    const source = audio.createMediaStreamSource(new MediaStream([entry.track]))
    // Deprecated, but a worklet's module would have to pass the page's content security policy. As seldom as it can.
    const tap = audio.createScriptProcessor(16384, 1, 1)
    tap.onaudioprocess = ({ inputBuffer }) => {
      const all = inputBuffer.getChannelData(0)
      const block = new Float32Array(Math.floor(all.length / every))
      for (let i = 0; i < block.length; i++) {
        for (let k = 0; k < every; k++) block[i] = (block[i] ?? 0) + (all[i * every + k] ?? 0) / every
      }
      entry.blocks.push(block)
      entry.samples += block.length
      while (entry.samples > KEPT_SECONDS * rate) entry.samples -= entry.blocks.shift()?.length ?? 0
    }
    source.connect(tap).connect(audio.destination)
    // A graph begun before the person's first click starts with it.
    const wake = () => void audio.resume()
    wake()
    window.addEventListener('pointerdown', wake, { capture: true })
    window.addEventListener('keydown', wake, { capture: true })
    entry.graph.push(source, tap)
  }

  window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
    construct(target, args, newTarget) {
      const connection = Reflect.construct(target, args, newTarget) as RTCPeerConnection
      const number = connections.push(new WeakRef(connection)) - 1
      connection.addEventListener('track', (event) => arrive(number, event))
      return connection
    },
  })

  window.__lab = {
    tracks: () =>
      kept.map(({ connection, stream, track, rate, blocks }) => {
        const pcm = new Int16Array(blocks.reduce((sum, block) => sum + block.length, 0))
        let at = 0
        for (const block of blocks)
          for (const sample of block) pcm[at++] = Math.max(-1, Math.min(1, sample)) * 32767
        const bytes = new Uint8Array(pcm.buffer)
        let text = ''
        for (let i = 0; i < bytes.length; i += 8192)
          text += String.fromCharCode(...bytes.subarray(i, i + 8192))
        return { connection, stream, track: track.id, rate, pcm: btoa(text) }
      }),
    seconds: () => {
      begin()
      return kept
        .filter(({ track }) => track.readyState === 'live')
        .map(({ samples, rate }) => samples / rate)
    },
    audio: () =>
      Promise.all(
        connections
          .flatMap((each) => each.deref() ?? [])
          .filter(({ connectionState }) => connectionState !== 'closed')
          .map(async (connection) => {
            let [sent, received] = [0, 0]
            for (const entry of (await connection.getStats()).values()) {
              if (entry.type === 'outbound-rtp') sent += entry.packetsSent
              if (entry.type === 'inbound-rtp') received += entry.packetsReceived
            }
            return { sent, received }
          }),
      ),
    forget: () => {
      begin()
      for (const entry of kept) {
        entry.blocks.length = 0
        entry.samples = 0
      }
    },
  }
}

/** The script itself. */
export const TRACKS_SCRIPT = `(${install.toString()})()`
