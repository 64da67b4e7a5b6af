import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import type { VoicePacket } from '../../node/audience/rtp.ts'
import type { RoomId } from '../../protocol/ids.ts'
import { decodeHop, encodeHop } from './hop.ts'
import { ARRIVALS_EVERY_MS, DEFAULT_PORTS, LOAD_EVERY_MS, MAX_HALF_OPEN, MAX_LINKS } from './limits.ts'
import { MediaLink } from './media-link.ts'
import type { FromMedia, LinkId, MediaReason, MediaSetup, PlacedVoice, ToMedia } from './messages.ts'
import { PortBlock, type SharedPort } from './port-block.ts'
import { PullLink } from './pull-link.ts'
import { RoomFan } from './room-fan.ts'
import type { VoiceId } from './selection.ts'

/**
 * A media process: it holds connections and copies packets, and knows neither who anybody is nor what they say. Whatever the library does to it happens
 * to nothing else of the relay, which starts it again.
 */

interface Held {
  /** Undefined while it is held for one: it hears nothing. */
  room: RoomId | undefined
  readonly link: MediaLink | PullLink
  /** Where it shares one. */
  readonly port: SharedPort | undefined
}

type Opening = Extract<ToMedia, { kind: 'open' }>
type Pulling = Extract<ToMedia, { kind: 'pull' }>

const links = new Map<LinkId, Held>()
const rooms = new Map<RoomId, RoomFan>()
/** Where else the packets of our voices go, by loopback port. */
const routes = new Map<VoiceId, readonly number[]>()
/** Rooms of the voices that other processes receive. */
const expected = new Map<VoiceId, RoomId>()
/** Links that wait for their port, and are not closed meanwhile. */
const awaited = new Set<LinkId>()
/** Addresses are numbers already. Looked up as usual, a packet would only be sent after the listeners of this process got theirs. */
const hops = createSocket({ type: 'udp4', lookup: (address, _options, done) => done(null, address, 4) })
let takingPort: Promise<SharedPort | undefined> = Promise.resolve(undefined)
let sent = 0
/** Of the packets since the last report: how many, and how long all of them took. */
let fanned = 0
let fanning = 0

function tell(message: FromMedia): void {
  // The end of the relay is told by `disconnect`; what was on its way is lost with it.
  process.send?.(message, undefined, undefined, () => {})
}

const [first] = (await once(process, 'message')) as [ToMedia]
if (first.kind !== 'setup') throw new Error('a media process is set up first')
const { setup } = first
const ports = new PortBlock(setup.ports, DEFAULT_PORTS, setup.bind)

process.on('message', (message: ToMedia) => take(message, setup))
// The relay is gone: nobody would ever close these links.
process.on('disconnect', () => process.exit())
hops.on('message', (bytes) => {
  const hop = decodeHop(bytes, setup.secret)
  const room = hop && expected.get(hop.voice)
  if (hop && room !== undefined) fan(room, hop.voice, hop.packet)
})
const listening = once(hops, 'listening')
hops.bind({ port: 0, address: '127.0.0.1', exclusive: true })
await listening
tell({ kind: 'ready', port: hops.address().port })
startReports()

function take(message: ToMedia, { bind, announce }: MediaSetup): void {
  switch (message.kind) {
    case 'setup':
      throw new Error('a media process is set up once')
    case 'open':
      void open(message, bind, announce)
      return
    case 'bind': {
      const held = links.get(message.link)
      if (held === undefined) return
      held.room = message.room
      if (held.link instanceof MediaLink && held.link.isConnected) hear(message.link, held.link, message.room)
      return
    }
    case 'pull':
      pull(message, bind)
      return
    case 'accept': {
      const link = links.get(message.link)?.link
      if (link instanceof PullLink && !link.accept(message.transport)) end(message.link, 'wrong-description')
      return
    }
    case 'voices': {
      const held = links.get(message.link)
      if (held !== undefined) setVoices(held, message.voices)
      return
    }
    case 'close':
      awaited.delete(message.link)
      drop(message.link)
      return
    case 'route':
      if (message.ports.length === 0) routes.delete(message.voice)
      else routes.set(message.voice, message.ports)
      return
    case 'expect': {
      const before = expected.get(message.voice)
      if (before !== undefined && before !== message.room) rooms.get(before)?.silence(message.voice)
      if (message.room === undefined) expected.delete(message.voice)
      else expected.set(message.voice, message.room)
      return
    }
  }
}

/** A port for a link that begins; undefined when it cannot, which is said, or was closed meanwhile. */
async function portFor(id: LinkId): Promise<SharedPort | undefined> {
  // One after the other: two that ask together could be given one new port twice.
  awaited.add(id)
  takingPort = takingPort.then(() => ports.take())
  const port = await takingPort
  const isAwaited = awaited.delete(id)
  if (port !== undefined && !isFull() && isAwaited) return port
  if (port !== undefined) ports.give(port)
  if (isAwaited) tell({ kind: 'ended', link: id, reason: 'relay-full' })
  return undefined
}

async function open(
  { link: id, room, offer, isRelay, voice, wish }: Opening,
  bind: string | undefined,
  announce: readonly string[],
): Promise<void> {
  const port = await portFor(id)
  if (port === undefined) return
  const link = new MediaLink({
    offer,
    voice,
    wish,
    port: port.port,
    bind,
    announce,
    onConnected: () => {
      const now = links.get(id)?.room
      if (now === undefined) return
      if (isRelay) {
        fanOf(now).branches.add(link)
        tell({ kind: 'connected', link: id })
      } else hear(id, link, now)
    },
    onPacket: (packet) => {
      if (room !== undefined && voice !== undefined) carry(room, voice, packet)
    },
    onEnd: (reason) => end(id, reason),
  })
  links.set(id, { room, link, port })
  const sdp = await link.answer()
  if (!links.has(id)) return
  if (sdp === undefined) end(id, 'wrong-description')
  else tell({ kind: 'answered', link: id, sdp })
}

/** From here on it is sent what is said in the room. */
function hear(id: LinkId, link: MediaLink, room: RoomId): void {
  fanOf(room).ears.add(link)
  tell({ kind: 'connected', link: id })
}

function pull({ link: id, room }: Pulling, bind: string | undefined): void {
  if (isFull()) {
    tell({ kind: 'ended', link: id, reason: 'relay-full' })
    return
  }
  const link = new PullLink({
    bind,
    onConnected: () => tell({ kind: 'connected', link: id }),
    onPacket: (voice, packet) => carry(room, voice, packet),
    onEnd: (reason) => end(id, reason),
  })
  links.set(id, { room, link, port: undefined })
  tell({ kind: 'offered', link: id, sdp: link.offer() })
}

function setVoices({ room, link }: Held, voices: readonly PlacedVoice[]): void {
  if (link instanceof MediaLink) {
    link.given = new Map(voices.map(({ voice, slot }) => [voice, slot]))
    return
  }
  const before = link.voices
  link.take(voices)
  const after = new Set(link.voices)
  for (const voice of before) if (!after.has(voice)) forget(room, voice)
}

/** What came from somebody: to all who listen here, and to the processes that hold others. */
function carry(room: RoomId, voice: VoiceId, packet: VoicePacket): void {
  // The others first: they send while we do.
  const elsewhere = routes.get(voice) ?? []
  if (elsewhere.length > 0) {
    const hop = encodeHop(setup.secret, voice, packet)
    for (const each of elsewhere) hops.send(hop, each, '127.0.0.1')
  }
  fan(room, voice, packet)
}

function end(id: LinkId, reason: MediaReason): void {
  if (drop(id)) tell({ kind: 'ended', link: id, reason })
}

/** False when there is no such link. */
function drop(id: LinkId): boolean {
  const held = links.get(id)
  if (held === undefined) return false
  links.delete(id)
  const { room, link, port } = held
  link.close()
  if (port !== undefined) ports.give(port)
  if (room === undefined) return true
  const fan = rooms.get(room)
  if (link instanceof MediaLink) {
    fan?.ears.delete(link)
    fan?.branches.delete(link)
    if (link.voice !== undefined) forget(room, link.voice)
  } else {
    for (const voice of link.voices) forget(room, voice)
  }
  if (fan?.ears.size === 0 && fan.branches.size === 0) rooms.delete(room)
  return true
}

/** A voice that we received is gone. */
function forget(room: RoomId | undefined, voice: VoiceId): void {
  if (room !== undefined) rooms.get(room)?.silence(voice)
  routes.delete(voice)
}

function fanOf(room: RoomId): RoomFan {
  const known = rooms.get(room) ?? new RoomFan()
  rooms.set(room, known)
  return known
}

function fan(room: RoomId, voice: VoiceId, packet: VoicePacket): void {
  const begun = performance.now()
  sent += rooms.get(room)?.take(voice, packet, begun) ?? 0
  fanned += 1
  fanning += performance.now() - begun
}

function isFull(): boolean {
  return links.size >= MAX_LINKS || halfOpen() >= MAX_HALF_OPEN
}

function halfOpen(): number {
  let count = 0
  for (const { link } of links.values()) if (link.isHalfOpen) count += 1
  return count
}

function startReports(): void {
  let before = performance.eventLoopUtilization()
  let busy = 0
  setInterval(() => {
    const now = performance.eventLoopUtilization()
    // Half of it is of the seconds before: the machine may have been another's for one of them.
    busy = (busy + performance.eventLoopUtilization(now, before).utilization) / 2
    before = now
    const fanOut = fanned === 0 ? 0 : fanning / fanned
    tell({ kind: 'load', load: { busy, fanOut, halfOpen: halfOpen(), links: links.size, sent } })
    fanned = 0
    fanning = 0
  }, LOAD_EVERY_MS)
  setInterval(() => {
    for (const [id, { link }] of links) {
      const voices = link instanceof PullLink ? link.arrivals() : undefined
      if (voices !== undefined) tell({ kind: 'arrived', link: id, voices })
    }
  }, ARRIVALS_EVERY_MS)
}
