import { type Envelope, seal } from '../../protocol/envelope.ts'
import type { CommunityId, MemberId, OperationId, RoomId } from '../../protocol/ids.ts'
import { BEACON_BEAT, MAX_HEADS } from '../../protocol/limits.ts'
import { sessionName } from '../../protocol/room/beacon.ts'
import { nextOfDevice } from '../../protocol/room/history.ts'
import { LEVEL } from '../../protocol/room/level.ts'
import type { Room } from '../../protocol/room/opening.ts'
import { type Act, OPERATION, type SignedOperation } from '../../protocol/room/operation.ts'
import { mayAct, onStage } from '../../protocol/room/resolve.ts'
import type { SyncAnswer, SyncRequest } from '../../protocol/wire/services.ts'
import { communityTopic, roomTopic } from '../../protocol/wire/topics.ts'
import { PeerError } from '../errors.ts'
import { type Judging, type RoomMessage, readRoomMessage } from '../gossip/received.ts'
import { roomValidator } from '../gossip/room.ts'
import type { Greetings } from '../greetings.ts'
import type { Mesh, WantedLink } from '../mesh/mesh.ts'
import type { PeerIdString, PeerNetwork } from '../network/network.ts'
import { NetworkError } from '../network/network-error.ts'
import { keyOf, peerIdOf } from '../network/peer-id.ts'
import { type Observable, Observed } from '../observed.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Me } from '../presence.ts'
import type { RelayState, RoomSession, RoomView } from '../view.ts'
import { announces, sealAnnouncement } from './announcer.ts'
import type { RoomArchive } from './archive.ts'
import { createAttendance } from './attendance.ts'
import type { Directory } from './directory.ts'
import { createRoomLog } from './log.ts'
import { startMeeting } from './meeting.ts'
import { answerSync, pullRoom } from './sync.ts'
import { peopleOf } from './view.ts'
import { createVoice } from './voice.ts'

/** Anti-entropy with one of those present, in milliseconds. */
const SYNC_EVERY = 5_000
/** Who fell silent leaves the picture within so many milliseconds of their expiry. */
const REFRESH = 1_000
/** What was announced at the moment in which gossip begins to flow may have reached nobody: it is said once more. Milliseconds. */
const ANNOUNCE_AGAIN = 1_000

export interface RoomDependencies {
  readonly me: Me
  readonly community: CommunityId
  readonly network: PeerNetwork
  readonly greetings: Greetings
  readonly judging: Judging
  readonly clock: Clock
  readonly directory: Directory
  readonly archive: RoomArchive
  readonly relay: Observable<RelayState>
  /** Names of members, and a way to be told when one arrives. */
  readonly names: Observable<(member: MemberId) => string | undefined>
  readonly mesh: Mesh
  /** Called once, when this peer has left. */
  readonly onLeft: () => void
}

/** A joined room, as the rest of the peer sees it. */
export interface JoinedRoom {
  readonly id: RoomId
  readonly session: RoomSession
  sync(request: SyncRequest): SyncAnswer
}

/**
 * Joins a room whose opening was verified.
 * @param kept operations of this room that were verified before, ancestors first
 * @param known sessions in the room that are known by other means than a beacon
 */
export async function joinRoom(
  opening: Envelope<Room>,
  kept: readonly SignedOperation[],
  known: readonly PeerIdString[],
  dependencies: RoomDependencies,
): Promise<JoinedRoom> {
  const { me, community, network, greetings, judging, clock, directory, archive, relay, names, mesh } =
    dependencies
  const id = opening.id as RoomId
  const { payload: room } = opening
  const log = createRoomLog(opening)
  for (const signed of kept) log.add(signed)
  const topic = roomTopic(community, id)
  const stopping = new AbortController()
  const attendance = createAttendance(me, community, id, clock, (bytes) => tell(topic, bytes))
  const voice = createVoice(mesh, clock)
  let status: RoomView['status'] = 'joining'
  let muted = true
  let speaking = false
  /** What to say of the end in the list of rooms; the host's own word only. */
  let endBytes: Uint8Array | undefined

  const view = new Observed<RoomView>(draw())

  function draw(): RoomView {
    const heard = new Set(voice.heard.value)
    if (speaking) heard.add(me.member)
    const people = peopleOf({
      me: me.member,
      own: attendance.own,
      here: attendance.here(),
      state: log.state,
      links: voice.links.value,
      heard,
      names: names.value,
    })
    const { title, topics, lang } = room
    const mine = people.find((person) => person.me)
    if (!mine) throw new Error('this session is missing among those present')
    return { id, title, topics, language: lang, host: room.m, status, me: mine, people, relay: relay.value }
  }

  /** Gossip is only an accelerator: what it does not take, anti-entropy delivers, and the next beat says again. */
  async function tell(topic: string, bytes: Uint8Array): Promise<void> {
    try {
      await network.publish(topic, bytes)
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
    }
  }

  /** Everything that follows from what is known: whom to link, whom to play, what to show of ourselves. */
  function settle(): void {
    if (status === 'left') return
    const { state } = log
    if (state.ended) status = 'ended'
    const mine = !state.ended && onStage(state, me.member)
    if (!mine && voice.hasMicrophone) voice.setMicrophone(undefined)
    if (!mine || !voice.hasMicrophone || state.muted.has(me.member)) {
      muted = true
      speaking = false
    }
    voice.setOpen(!muted)
    attendance.show({
      mic: mine ? (muted ? 'muted' : 'open') : 'none',
      speak: speaking,
      ...(mine || state.ended ? { hand: 0 } : {}),
    })
    voice.update(state.ended ? [] : wanted(mine), audible())
    view.set(draw())
  }

  /** Sessions that are here and proved to belong to whom their beacon says: those who must hear each other. */
  function wanted(mine: boolean): readonly WantedLink[] {
    const links: WantedLink[] = []
    for (const beacon of attendance.here()) {
      const key = beacon.peer
      const peer = peerIdOf(key)
      if (greetings.members.value.get(peer) !== beacon.m || beacon.m === me.member) continue
      const send = mine && voice.hasMicrophone
      const receive = onStage(log.state, beacon.m)
      if (send || receive) links.push({ peer, key, member: beacon.m, send, receive })
    }
    return links
  }

  /** The rule at the ear: only who holds the stage in our own resolved state, and is not muted by a moderator there. */
  function audible(): ReadonlySet<MemberId> {
    const { levels, muted: silenced, ended } = log.state
    if (ended) return new Set()
    return new Set([...levels.keys()].filter((member) => !silenced.has(member)))
  }

  function take(message: RoomMessage): boolean {
    if (status === 'left') return false
    if (message.kind === 'beacon') {
      const stranger = !attendance.beacons.has(sessionName(message.envelope.payload))
      const news = attendance.take(message.envelope)
      if (!news) return false
      if (stranger) {
        attendance.repeat()
        meeting.look()
      }
      settle()
      return true
    }
    const before = log.history.operations.length
    const outcome = log.add(message.signed)
    if (outcome === 'new') {
      for (const signed of log.history.operations.slice(before)) keep(signed)
      settle()
    }
    return outcome === 'new' || outcome === 'waiting'
  }

  function keep(signed: SignedOperation): void {
    if (signed.operation.k === 'end' && signed.operation.m === room.m) endBytes = signed.envelope.bytes
    // The room goes on in memory where the browser cannot store; only a reload then loses it.
    archive.keep(id, signed).catch(() => undefined)
  }

  async function pull(peer: PeerIdString): Promise<void> {
    try {
      const pulled = await pullRoom(network, peer, id, log, takeBytes, stopping.signal)
      // Somebody may be reached who has left the room meanwhile.
      if (pulled.ok && status === 'joining') status = 'open'
      settle()
    } catch {
      // The peer went away or did not answer in time; the next round asks another.
    }
  }

  async function takeBytes(bytes: Uint8Array): Promise<boolean> {
    const message = await readRoomMessage(judging, id, bytes)
    return message.ok && take(message.value)
  }

  /** One after the other: two operations made at once would have the same number. */
  let acting: Promise<unknown> = Promise.resolve()
  function act(deed: Act): Promise<void> {
    const done = acting.then(async () => {
      if (status === 'left') throw new PeerError('room-gone')
      const allowed = mayAct(log.state, me.member, deed)
      if (!allowed.ok) throw new PeerError('not-allowed', { cause: allowed })
      const payload = {
        r: id,
        m: me.member,
        n: nextOfDevice(log.history, me.device.publicKey),
        heads: log.history.heads.slice(0, MAX_HEADS),
        at: second(clock),
        ...deed,
      }
      const envelope = await seal(OPERATION, community, payload, [me.device])
      const signed = {
        id: envelope.id as OperationId,
        device: me.device.publicKey,
        operation: payload,
        envelope,
      }
      // Kept before anybody sees it: a tab that crashes here must not number anew.
      await archive.keep(id, signed)
      if (log.add(signed) !== 'new') throw new PeerError('internal')
      if (deed.k === 'end' && me.member === room.m) endBytes = envelope.bytes
      settle()
      await tell(topic, envelope.bytes)
    })
    acting = done.catch(() => undefined)
    return done
  }

  async function announce(): Promise<void> {
    const { people } = view.value
    const over = endBytes !== undefined
    if (room.vis === 'private' || !(over || (status === 'open' && announces(me.member, people)))) return
    const bytes = await sealAnnouncement(me, community, opening, people, clock.now(), endBytes)
    await directory.receive(bytes)
    await tell(communityTopic(community), bytes)
  }

  function announceTwice(): void {
    void announce()
    clock.after(ANNOUNCE_AGAIN, () => {
      if (!stopping.signal.aborted) void announce()
    })
  }

  const greeted = new Set<PeerIdString>()
  function meetNew(): void {
    const here = new Set(attendance.here().map((beacon) => peerIdOf(beacon.peer)))
    for (const peer of known) here.add(peer)
    for (const peer of greeted) {
      if (greetings.members.value.has(peer)) continue
      greeted.delete(peer)
      linked(peer, false)
    }
    for (const peer of greetings.members.value.keys()) {
      if (greeted.has(peer) || !here.has(peer)) continue
      greeted.add(peer)
      linked(peer, true)
      attendance.repeat()
      void pull(peer)
    }
    settle()
  }

  function linked(peer: PeerIdString, there: boolean): void {
    const key = keyOf(peer)
    if (key !== undefined) attendance.linked(key, there)
  }

  let turn = 0
  function pullNext(): void {
    const linked = [...greeted]
    const peer = linked[turn++ % Math.max(linked.length, 1)]
    if (peer !== undefined) void pull(peer)
  }

  const unsubscribe = network.subscribe(topic, roomValidator(judging, id, take), () => {})
  const meeting = startMeeting(me, network, greetings, attendance, clock)
  const cancels = [
    greetings.members.subscribe(meetNew),
    voice.heard.subscribe(() => view.set(draw())),
    voice.links.subscribe(() => view.set(draw())),
    relay.subscribe((state) => {
      view.set(draw())
      // A relay that comes back has forgotten the list of rooms.
      if (state === 'connected') announceTwice()
    }),
    names.subscribe(() => view.set(draw())),
    clock.every(SYNC_EVERY, pullNext),
    clock.every(REFRESH, meetNew),
    clock.every(BEACON_BEAT * 1000, () => void announce()),
  ]
  meeting.look(known)
  // Who opens a room, or comes back to one that this device knows, is in it; anybody else when the first of those present has answered.
  if (room.m === me.member || kept.length > 0) status = 'open'
  settle()
  announceTwice()

  let leaving: Promise<void> | undefined
  function leave(): Promise<void> {
    leaving ??= depart()
    return leaving
  }

  async function depart(): Promise<void> {
    const over = log.state.ended
    status = 'left'
    for (const cancel of cancels) cancel()
    meeting.stop()
    stopping.abort()
    // Nobody hears or is heard a moment longer than they are here, however long the goodbyes take.
    const silent = voice.stop()
    view.set({ ...view.value, status: 'left' })
    await attendance.leave()
    unsubscribe()
    await silent
    await Promise.all([...greeted].map((peer) => network.disconnect(peer)))
    if (over) await archive.forget(id)
    dependencies.onLeft()
  }

  /** Takes a microphone, closed; one that may not speak here any more is given back at once. */
  function hold(microphone: MediaStream | undefined): void {
    const over = status === 'left' || log.state.ended
    if (microphone && (over || !onStage(log.state, me.member))) {
      giveBack(microphone)
      throw new PeerError(over ? 'room-gone' : 'not-allowed')
    }
    muted = true
    for (const track of microphone?.getAudioTracks() ?? []) track.enabled = false
    voice.setMicrophone(microphone)
    settle()
  }

  const session: RoomSession = {
    view,
    voices: voice.voices,
    async raiseHand(up) {
      if (status === 'left' || onStage(log.state, me.member)) return
      if (up && room.hands === 'nobody') throw new PeerError('not-allowed')
      attendance.show({ hand: up ? attendance.own.hand || second(clock) : 0 })
      view.set(draw())
    },
    offerStage: (member) => act({ k: 'grant', to: member, level: LEVEL.speaker }),
    async acceptStage(microphone) {
      for (const track of microphone.getAudioTracks()) track.enabled = false
      try {
        const offer = log.state.offers.get(me.member)
        if (!offer) throw new PeerError('not-allowed')
        await act({ k: 'accept', ref: offer.grant })
      } catch (error) {
        giveBack(microphone)
        throw error
      }
      hold(microphone)
    },
    declineStage: () => act({ k: 'lower', to: me.member }),
    async setMicrophone(microphone) {
      hold(microphone)
    },
    async setMuted(wish) {
      if (!wish) {
        if (!onStage(log.state, me.member) || log.state.muted.has(me.member))
          throw new PeerError('not-allowed')
        if (!voice.hasMicrophone) throw new PeerError('microphone-missing')
      }
      muted = wish
      settle()
    },
    setSpeaking(now) {
      const next = now && !muted
      if (next === speaking) return
      speaking = next
      settle()
    },
    muteMember: (member) => act({ k: 'mute', to: member }),
    unmuteMember: (member) => act({ k: 'unmute', to: member }),
    removeFromStage: (member) => act({ k: 'lower', to: member }),
    stepDown: () => act({ k: 'lower', to: me.member }),
    leave,
    async end() {
      await act({ k: 'end' })
      await announce()
    },
  }
  return { id, session, sync: (request) => answerSync(log, attendance.alive(), request) }
}

/** Its light goes out. */
function giveBack(microphone: MediaStream): void {
  for (const track of microphone.getTracks()) track.stop()
}
