/** Debian's Janus with one live stream of Opus (its streaming plugin) or one voice in a room (VideoRoom), as `fanout.ts` measures it beside a relay. */

import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { default as library } from 'node-datachannel'

const LIBRARIES = '/usr/lib/x86_64-linux-gnu/janus'
/** Of those in Debian's package. */
const PLUGINS =
  'audiobridge duktape echotest lua nosip recordplay sip streaming textroom videocall videoroom voicemail'.split(
    ' ',
  )
/** The publisher's number in the room. */
const FEED = 7
/** How long it may take to start. Milliseconds. */
const START = 10_000

export interface Janus {
  readonly pid: number
  /** Sends a packet of the voice. @param milliseconds of sound in it */
  send(payload: Buffer, milliseconds: number): void
  /** Gives a listener the voice. @param answer makes the answer to Janus' offer */
  watch(answer: (offer: string) => Promise<string>): Promise<void>
  stop(): Promise<void>
}

export type JanusPlugin = 'streaming' | 'videoroom'

interface JanusEvent {
  readonly janus: string
  readonly sender?: number
  readonly data?: { readonly id: number }
  readonly plugindata?: { readonly data: { readonly id?: number; readonly error?: string } }
  readonly jsep?: { readonly sdp: string }
}

/** Its room, and its stream. */
const NUMBER = 1
const OPUS = 111

/**
 * @param plugin with which the voice is carried; the others are left out
 * @param eventLoops threads that serve all listeners together; 0, Janus' default: each listener has one of its own
 * @throws Error when Janus is not installed or does not start
 */
export async function startJanus(plugin: JanusPlugin, eventLoops: number): Promise<Janus> {
  const folder = mkdtempSync(join(tmpdir(), 'palabre-janus-'))
  const [http, port] = [await freeTcp(), await freeUdp()]
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write(
    'janus.jcfg',
    `general: { configs_folder = "${folder}", plugins_folder = "${LIBRARIES}/plugins",
  transports_folder = "${LIBRARIES}/transports", events_folder = "${LIBRARIES}/events",
  loggers_folder = "${LIBRARIES}/loggers", debug_level = 2${eventLoops > 0 ? `, event_loops = ${eventLoops}` : ''} }
plugins: { disable = "${PLUGINS.filter((each) => each !== plugin)
      .map((each) => `libjanus_${each}.so`)
      .join(',')}" }
transports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so" }
`,
  )
  write(
    'janus.transport.http.jcfg',
    `general: { json = "compact", base_path = "/janus", http = true, ip = "127.0.0.1", port = ${http}, https = false }\n`,
  )
  write(
    'janus.plugin.streaming.jcfg',
    `voice: { type = "rtp", id = ${NUMBER}, audio = true, audioport = ${port}, audiopt = ${OPUS}, audiocodec = "opus" }\n`,
  )
  write('janus.plugin.videoroom.jcfg', `room-${NUMBER}: { publishers = 1, audiocodec = "opus" }\n`)
  const child: ChildProcess = spawn('janus', ['-F', folder], { stdio: 'ignore' })
  const gone = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
  const base = `http://127.0.0.1:${http}/janus`
  const post = async (path: string, body: object): Promise<JanusEvent> => {
    const transaction = crypto.randomUUID()
    const response = await fetch(base + path, {
      method: 'POST',
      body: JSON.stringify({ ...body, transaction }),
    })
    return (await response.json()) as JanusEvent
  }

  const until = Date.now() + START
  let session: number | undefined
  while (session === undefined) {
    if (Date.now() > until || child.exitCode !== null) throw new Error('Janus does not start')
    session = await post('', { janus: 'create' }).then(
      ({ data }) => data?.id,
      () => delay(100, undefined),
    )
  }
  const waiting = new Map<number, (event: JanusEvent) => void>()
  const polling = poll(`${base}/${session}?maxev=32`, child, (event) => {
    const { sender, jsep, plugindata } = event
    if (sender === undefined) return
    if (plugindata?.data.error !== undefined) throw new Error(plugindata.data.error)
    if (jsep !== undefined) waiting.get(sender)?.(event)
  })

  /** @returns a handle, and what Janus says to the first request with a description of its own */
  async function ask(body: object, jsep?: object): Promise<readonly [handle: number, event: JanusEvent]> {
    const attached = await post(`/${session}`, { janus: 'attach', plugin: `janus.plugin.${plugin}` })
    const handle = attached.data?.id
    if (handle === undefined) throw new Error('Janus gave no handle')
    const event = new Promise<JanusEvent>((resolve) => waiting.set(handle, resolve))
    await post(`/${session}/${handle}`, { janus: 'message', body, ...(jsep && { jsep }) })
    const said = await event
    waiting.delete(handle)
    return [handle, said]
  }

  const voice = plugin === 'streaming' ? streamTo(port) : await publish(ask)
  const wish =
    plugin === 'streaming'
      ? { request: 'watch', id: NUMBER }
      : { request: 'join', ptype: 'subscriber', room: NUMBER, streams: [{ feed: FEED }] }

  return {
    pid: child.pid as number,
    send: (payload, milliseconds) => voice.send(payload, milliseconds),
    async watch(answer) {
      const [handle, { jsep }] = await ask(wish)
      const sdp = await answer(jsep?.sdp ?? '')
      await post(`/${session}/${handle}`, {
        janus: 'message',
        body: { request: 'start' },
        jsep: { type: 'answer', sdp },
      })
    },
    async stop() {
      voice.close()
      child.kill('SIGKILL')
      await gone
      await polling
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface JanusVoice {
  send(payload: Buffer, milliseconds: number): void
  close(): void
}

type Ask = (body: object, jsep?: object) => Promise<readonly [handle: number, event: JanusEvent]>

/** Plain RTP to the streaming plugin. */
function streamTo(port: number): JanusVoice {
  const socket = createSocket('udp4')
  const packets = new RtpWriter()
  return {
    send: (payload, milliseconds) => socket.send(packets.next(payload, milliseconds), port, '127.0.0.1'),
    close: () => socket.close(),
  }
}

/** A publisher of VideoRoom, over a connection of its own. */
async function publish(ask: Ask): Promise<JanusVoice> {
  const pc = new library.PeerConnection('', { iceServers: [], disableAutoNegotiation: true })
  const media = new library.Audio('voice', 'SendOnly')
  media.addOpusCodec(OPUS)
  media.addSSRC(1, 'voice', 'voice', 'voice')
  const track = pc.addTrack(media)
  const open = new Promise<void>((resolve) => track.onOpen(resolve))
  const gathered = new Promise<void>((resolve) =>
    pc.onGatheringStateChange((state) => {
      if (state === 'complete') resolve()
    }),
  )
  pc.setLocalDescription('offer')
  await gathered
  const offer = { type: 'offer', sdp: pc.localDescription()?.sdp }
  const joining = {
    request: 'joinandconfigure',
    ptype: 'publisher',
    room: NUMBER,
    id: FEED,
    display: 'Alice',
  }
  const [, { jsep }] = await ask(joining, offer)
  pc.setRemoteDescription(jsep?.sdp ?? '', 'answer')
  await open
  const packets = new RtpWriter()
  return {
    send: (payload, milliseconds) => track.sendMessageBinary(packets.next(payload, milliseconds)),
    close: () => pc.close(),
  }
}

class RtpWriter {
  #sequence = 0
  #timestamp = 0

  next(payload: Buffer, milliseconds: number): Buffer {
    this.#sequence = (this.#sequence + 1) & 0xffff
    this.#timestamp = (this.#timestamp + milliseconds * 48) >>> 0
    const head = Buffer.alloc(12)
    head.writeUInt16BE(0x8000 | OPUS)
    head.writeUInt16BE(this.#sequence, 2)
    head.writeUInt32BE(this.#timestamp, 4)
    head.writeUInt32BE(1, 8)
    return Buffer.concat([head, payload])
  }
}

/** Takes what Janus says until it ends. */
async function poll(url: string, child: ChildProcess, take: (event: JanusEvent) => void): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const said = (await (await fetch(url)).json()) as JanusEvent | JanusEvent[]
      for (const event of [said].flat()) take(event)
    } catch {
      // It was ended in the middle of an answer.
      await delay(50)
    }
  }
}

function freeTcp(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function freeUdp(): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4').bind(0, () => {
      const { port } = socket.address()
      socket.close(() => resolve(port))
    })
  })
}
