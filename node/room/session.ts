import type { Envelope } from '../../protocol/envelope.ts'
import type { CommunityId, MemberId, RoomId } from '../../protocol/ids.ts'
import { BEACON_BEAT } from '../../protocol/limits.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { nextEpoch } from '../../protocol/room/history.ts'
import type { Room } from '../../protocol/room/opening.ts'
import type { SignedOperation } from '../../protocol/room/operation.ts'
import { onStage } from '../../protocol/room/state.ts'
import type { SyncAnswer, SyncRequest } from '../../protocol/wire/services.ts'
import { roomTopic } from '../../protocol/wire/topics.ts'
import type { WelcomeAnswer, WelcomeRequest } from '../../protocol/wire/welcome.ts'
import type { Judging } from '../gossip/received.ts'
import { roomValidator } from '../gossip/room.ts'
import type { Greetings } from '../greetings.ts'
import type { Mesh } from '../mesh/mesh.ts'
import type { PeerIdString, PeerNetwork } from '../network/network.ts'
import { keyOf, peerIdOf } from '../network/peer-id.ts'
import { type Observable, Observed } from '../observed.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Me } from '../presence.ts'
import type { RelayState, RoomSession, RoomView } from '../view.ts'
import { createAgreement } from './agreement.ts'
import { createAnnouncer } from './announcer.ts'
import type { RoomArchive } from './archive.ts'
import { createAttendance } from './attendance.ts'
import { createCaller } from './caller.ts'
import { type Carriage, isLarge } from './carriage.ts'
import { topicChannel } from './channel.ts'
import { createCheckpoints } from './checkpoints.ts'
import { createComeback } from './comeback.ts'
import { createCompany } from './company.ts'
import { createControls } from './controls.ts'
import type { Directory } from './directory.ts'
import { createDoorkeeper } from './doorkeeper.ts'
import { createDuty } from './duty.ts'
import { createEpochs, type Handed } from './epochs.ts'
import { createIntake } from './intake.ts'
import { isInside, type Lifecycle, type LifecycleEvent, next } from './lifecycle.ts'
import { createRoomLog } from './log.ts'
import { startMeeting } from './meeting.ts'
import { createMicrophone } from './microphone.ts'
import { createPicture } from './picture.ts'
import { createPlaces } from './places.ts'
import { privateChannel } from './private-channel.ts'
import { createPuller } from './puller.ts'
import { createReach } from './reach.ts'
import { watchRoads } from './roads.ts'
import { answerSync } from './sync.ts'
import { createVoice } from './voice.ts'
import { createWelcomes } from './welcomes.ts'
import { createWriter } from './writer.ts'

/** Anti-entropy with one of those present, in milliseconds. */
const SYNC_EVERY = 5_000
/** The list of rooms may be wrong about how many are in one. Milliseconds. */
const EXPECTED = 20_000
/** For so long nobody has answered who comes in: there is nobody else, and the list of rooms soon forgets the room. Milliseconds. */
const UNANSWERED = 15_000
/** Who fell silent leaves the picture within so many milliseconds of their expiry. */
const REFRESH = 1_000

export interface RoomDependencies {
  readonly me: Me
  /** 32 bytes: of the session's key. */
  readonly sessionSeed: Uint8Array
  readonly community: CommunityId
  readonly network: PeerNetwork
  readonly greetings: Greetings
  readonly judging: Judging
  readonly clock: Clock
  readonly directory: Directory
  /** Of the private rooms to which this session is called. */
  readonly calls: Directory
  readonly archive: RoomArchive
  readonly relay: Observable<RelayState>
  /** Names of members, and a way to be told when one arrives. */
  readonly names: Observable<(member: MemberId) => string | undefined>
  /** Whom this member neither hears nor sees. */
  readonly blocked: Observable<ReadonlySet<MemberId>>
  readonly mesh: Mesh
  readonly carriage: Carriage
  readonly random: Random
  readonly report: (where: string, error: unknown) => void
  /** Called once, when this peer has left. */
  readonly onLeft: () => void
}

/** A joined room, as the rest of the peer sees it. */
export interface JoinedRoom {
  readonly id: RoomId
  readonly session: RoomSession
  /** It is for those alone who were let in, and on no list (ANN-2). */
  readonly isPrivate: boolean
  sync(from: PeerIdString, request: SyncRequest): SyncAnswer
  /** A session in this private room tells what is said in it. @returns the reason for which it is not heard */
  hear(from: PeerIdString, messages: readonly Uint8Array[]): Promise<Reason | undefined>
  /** A session is known to be here that may not know of us. */
  meet(peer: PeerIdString): void
  /** A greeted session hands a secret over. @returns the reason for which it is refused */
  takeSecret(from: PeerIdString, handed: Handed): Reason | undefined
  /** Somebody who comes asks past a relay for what they need. @param asking until they give up */
  welcome(request: WelcomeRequest, asking: AbortSignal): Promise<WelcomeAnswer>
}

/** What is needed to enter a room. */
export interface WayIn {
  /** As it was verified. */
  readonly opening: Envelope<Room>
  /** This peer opens it: nobody else is in it. */
  readonly isNew: boolean
  /** Operations that this device kept, and verified before, ancestors first. */
  readonly kept: readonly SignedOperation[]
  /** Members who were inside before its door was locked, as this device saw it. */
  readonly inside: readonly MemberId[]
  /** Sessions in the room that are known by other means than a beacon. */
  readonly known: readonly PeerIdString[]
}

/** Joins a room. */
export async function joinRoom(
  { opening, isNew, kept, inside, known: before }: WayIn,
  dependencies: RoomDependencies,
): Promise<JoinedRoom> {
  const { me, community, network, greetings, judging, clock, archive, relay, names, blocked } = dependencies
  const { sessionSeed, mesh, carriage, random, report } = dependencies
  const id = opening.id as RoomId
  const { payload: room } = opening
  const isPrivate = room.vis === 'private'
  const log = createRoomLog(opening)
  log.addAll(kept)
  const stopping = new AbortController()
  const { signal } = stopping
  // Before anything runs that would have to be stopped: of all this it alone may fail.
  const channel = isPrivate
    ? privateChannel({
        room: id,
        network,
        clock,
        audience: (about) => [...company.greeted].filter(mayHear(about)),
      })
    : topicChannel(network, roomTopic(community, id), (from, bytes) => validate(from, bytes))

  const findInList = () => dependencies.directory.rooms.value.find((each) => each.id === id)
  const known = [...before]
  let listed = findInList()
  let expectedUntil = clock.now() + EXPECTED
  let answersUntil = clock.now() + UNANSWERED
  /** Somebody has told us who is here. */
  let isAnswered = false
  let lifecycle: Lifecycle = 'joining'
  /** The one place where it changes. */
  function happen(event: LifecycleEvent): void {
    lifecycle = next(lifecycle, event)
  }
  const hasLeft = () => lifecycle === 'left'

  const tell = (bytes: Uint8Array) => channel.tell(bytes)
  const attendance = createAttendance(me, community, id, clock, tell, network.hidesAddress)
  const voice = createVoice(mesh, carriage, clock)
  const door = createDoorkeeper(() => log.state, clock, {
    known: inside,
    // Who is on the stage may have to hand out the secret behind a door that was locked while they were away.
    isWanted: () => log.state.locked || onStage(log.state, me.member),
    // Where the browser cannot store, a reloaded tab knows those alone who are vouched for.
    keep: (members) => void archive.keepInside(id, members).catch(() => undefined),
  })
  const agreement = createAgreement(log)
  const checkpoints = createCheckpoints(log, me, clock)
  const microphone = createMicrophone({
    me: me.member,
    log,
    voice,
    isOver: () => hasLeft() || log.state.ended || door.isOut(me.member),
    onChange: settle,
  })
  const places = createPlaces({
    me: me.member,
    session: me.session.publicKey,
    log,
    attendance,
    clock,
    isInTouch: () => lifecycle === 'open' && relay.value === 'connected',
  })
  const comeback = createComeback({
    me: me.member,
    log,
    attendance,
    clock,
    relay,
    microphone,
    lifecycle: () => lifecycle,
  })
  const reach = createReach({
    me: me.member,
    log,
    attendance,
    greetings,
    door,
    blocked,
    carriage,
    isProved: (session, member) => welcomes.isProved(session, member),
  })
  const watch = watchRoads(mesh, carriage, clock, report)
  const picture = createPicture({
    me: me.member,
    opening,
    judging,
    log,
    attendance,
    agreement,
    door,
    voice,
    microphone,
    carriage,
    roads: watch.roads,
    places,
    comeback,
    relay,
    names,
    blocked,
    lifecycle: () => lifecycle,
  })
  const view = new Observed<RoomView>(picture.draw())
  const redraw = () => view.set(picture.draw())
  const intake = createIntake({
    room: id,
    judging,
    clock,
    log,
    attendance,
    archive,
    hasLeft,
    onStranger: () => meeting.look(),
    onNews: settle,
  })
  const company = createCompany({
    known,
    greetings,
    attendance,
    onGreeted: (peer) => void puller.pull(peer),
  })
  const puller = createPuller({
    room: id,
    isPrivate,
    network,
    greetings,
    log,
    agreement,
    door,
    company,
    takeAll: intake.takeAll,
    signal,
    onAnswer: answered,
  })
  function answered(isWhole: boolean): void {
    // Somebody may be reached who has left the room meanwhile.
    if (isWhole) {
      isAnswered = true
      if (lifecycle === 'joining') attendance.repeat()
      happen({ is: 'answered' })
    }
    settle()
  }
  const validate = roomValidator(judging, id, clock, intake.take)
  const write = createWriter({
    room: id,
    me,
    community,
    log,
    archive,
    clock,
    channel,
    hasLeft,
    onWritten: settle,
  })
  const epochs = createEpochs({
    room: id,
    me: { key: me.session.publicKey, member: me.member },
    network,
    random,
    clock,
    state: () => log.state,
    next: () => nextEpoch(log.history),
    present: () => attendance.here().map(({ peer, m }) => ({ key: peer, member: m })),
    isGreeted: ({ key, member }) => greetings.members.value.get(peerIdOf(key)) === member,
    mayBeHere: (member) => !door.isOut(member),
    announce: write,
    use: (keys) => mesh.use(keys),
    report,
  })
  const welcomes = createWelcomes({
    room: id,
    community,
    me,
    sessionSeed,
    network,
    greetings,
    clock,
    random,
    log,
    attendance,
    door,
    epochs,
    takeAll: intake.takeAll,
    signal,
    isInside: () => !isPrivate && isInside(lifecycle),
    onAnswer: answered,
    report,
  })
  const announcer = createAnnouncer({
    me,
    community,
    opening,
    network,
    clock,
    log,
    attendance,
    door,
    list: isPrivate ? dependencies.calls : dependencies.directory,
    call: createCaller({ community, network, judging, random, clock, signal, report }),
    signal,
    knowsPeople,
    everybody: () => picture.everybody,
  })

  /** Nobody who could says that we may be here: of a private room we know nothing else before the first answer. */
  function isOut(): boolean {
    return puller.isRefused() || (lifecycle !== 'joining' && door.isOut(me.member))
  }

  /** Nobody knows anything of this room that would be news to us, as far as we can tell. */
  function knowsPeople(): boolean {
    return isInside(lifecycle) && (isNew || isAnswered || clock.now() > answersUntil)
  }

  /** How many are here without us, as the list said: until we know, and not for long. */
  function expected(): number {
    return isAnswered || clock.now() > expectedUntil ? 0 : (listed?.announcement.payload.people ?? 0)
  }

  /** Voices come over a relay, as far as we know: there may be sound before there is a link. */
  function isOverRelay(): boolean {
    const sessions = Math.max(attendance.here().length + 1, expected())
    return !isPrivate && (network.hidesAddress || isLarge(sessions))
  }

  let isSettling = false

  /** Everything that follows from what is known: whom to link, whom to play, what to show of ourselves. */
  function settle(): void {
    // Links change by it, too.
    if (hasLeft() || isSettling) return
    isSettling = true
    try {
      settleOnce()
    } finally {
      isSettling = false
    }
  }

  function settleOnce(): void {
    const { state } = log
    // Before anybody has answered, a locked door looks open. Whoever comes back to an open one was inside, though.
    if (lifecycle !== 'joining') door.seen([me.member])
    if (knowsPeople()) door.seen(attendance.here().map(({ m }) => m))
    if (state.locked) door.vouched(epochs.vouched())
    const [isOver, isBarred] = [state.ended, isOut()]
    happen({ is: 'judged', ended: isOver, out: isBarred })
    places.look()
    comeback.settle()
    const hasPlace = !isOver && !isBarred
    const isMine = hasPlace && onStage(state, me.member)
    microphone.settle(isMine)
    attendance.show({
      mic: isMine ? (microphone.isMuted ? 'muted' : 'open') : 'none',
      speak: microphone.isSpeaking,
      ...(isMine || !hasPlace ? { hand: 0 } : {}),
    })
    const part = hasPlace ? (isMine ? 'speaker' : 'listener') : undefined
    carriage.settle(part, reach.inmates(), mesh.links.value, expected(), isPrivate)
    attendance.showRelay(carriage.view.value?.relay.key, carriage.lacked.value)
    const { carried, linked } = hasPlace
      ? reach.wanted(isMine, isMine && voice.hasMicrophone)
      : { carried: [], linked: [] }
    voice.update(linked, carried, reach.audible())
    epochs.settle()
    carriage.hold(epochs.isHeld)
    if (!epochs.isHeld && isOverRelay()) welcomes.seek()
    redraw()
  }

  function meet(): void {
    company.look()
    meeting.look()
    if (company.greeted.size === 0) happen({ is: 'deserted' })
    settle()
  }

  const vouch = createDuty(write, () =>
    isInside(lifecycle) && checkpoints.isDue() ? [{ k: 'checkpoint' }] : [],
  )
  const clear = createDuty(write, () => {
    // Whoever slept has to know that before they judge of others.
    places.look()
    return places.due().map((to) => ({ k: 'lower', to, why: 'away' }))
  })

  /** Who may be here, in our own state, and whoever is spoken of. */
  function mayHear(about: readonly MemberId[] = []): (peer: PeerIdString) => boolean {
    return (peer) => {
      const member = greetings.members.value.get(peer)
      return member !== undefined && (about.includes(member) || !door.isOut(member))
    }
  }

  /** PRIVATE-5. */
  function refusalOf(from: PeerIdString): Reason | undefined {
    if (!isPrivate) return undefined
    if (lifecycle === 'joining' || lifecycle === 'left') return 'room-unknown'
    return mayHear()(from) ? undefined : 'not-admitted'
  }

  /** Who comes back by the room's address is in it before there is a list: what that says first, it says as if they had come from there. */
  function readList(): void {
    const now = findInList()
    if (listed !== undefined || isAnswered || now === undefined) return
    // Our own word, as we open it.
    if (now.announcement.payload.peer === me.session.publicKey) return
    listed = now
    expectedUntil = clock.now() + EXPECTED
    const announcer = peerIdOf(listed.announcement.payload.peer)
    known.push(announcer)
    meeting.look([announcer])
    if (isOverRelay()) welcomes.ask([announcer])
    meet()
  }

  const meeting = startMeeting(me, network, greetings, attendance, clock, isPrivate)
  const cancels = [
    greetings.members.subscribe(meet),
    dependencies.directory.rooms.subscribe(readList),
    voice.heard.subscribe(redraw),
    voice.links.subscribe(redraw),
    watch.roads.subscribe(redraw),
    watch.stop,
    mesh.links.subscribe(settle),
    carriage.view.subscribe(settle),
    carriage.lacked.subscribe(settle),
    carriage.apart.subscribe(redraw),
    carriage.cutOff.subscribe(redraw),
    relay.subscribe((state) => {
      redraw()
      if (state !== 'connected') return
      answersUntil = clock.now() + UNANSWERED
      // A relay that comes back has forgotten the list of rooms.
      announcer.announceTwice()
    }),
    names.subscribe(redraw),
    blocked.subscribe(settle),
    clock.every(SYNC_EVERY, puller.pullNext),
    clock.every(REFRESH, meet),
    clock.every(REFRESH, vouch),
    clock.every(REFRESH, clear),
    clock.every(REFRESH, comeback.look),
    clock.every(BEACON_BEAT * 1000, () => void announcer.announce()),
  ]
  meeting.look(known)
  // Who opens a room, or comes back to one that this device knows, is in it; anybody else when the first of those present has answered.
  if (room.m === me.member || kept.length > 0) happen({ is: 'known' })
  settle()
  if (isOverRelay()) welcomes.ask(known)
  announcer.announceTwice()

  let leaving: Promise<void> | undefined
  function leave(): Promise<void> {
    leaving ??= depart()
    return leaving
  }

  async function depart(): Promise<void> {
    const isOver = log.state.ended
    happen({ is: 'leave' })
    for (const cancel of cancels) cancel()
    meeting.stop()
    stopping.abort()
    epochs.stop()
    // Nobody hears or is heard a moment longer than they are here, however long the goodbyes take.
    const silent = voice.stop()
    view.set({ ...view.value, status: 'left' })
    await attendance.leave()
    channel.stop()
    await silent
    await Promise.all([...company.greeted].map((peer) => network.disconnect(peer)))
    if (isOver) await archive.forget(id)
    dependencies.onLeft()
  }

  return {
    id,
    session: createControls({
      me: me.member,
      view,
      voice,
      log,
      write,
      attendance,
      door,
      microphone,
      announcer,
      clock,
      lifecycle: () => lifecycle,
      redraw,
      leave,
    }),
    isPrivate,
    sync(from, request) {
      const error = refusalOf(from)
      return error === undefined ? answerSync(log, agreement, attendance.alive(), request) : { error }
    },
    async hear(from, messages) {
      if (!isPrivate) return 'foreign-room'
      const refusal = refusalOf(from)
      if (refusal !== undefined) return refusal
      for (const bytes of messages) await validate(from, bytes)
      return undefined
    },
    meet: (peer) => meeting.look([peer]),
    welcome: welcomes.answer,
    takeSecret(from, handed) {
      const [key, member] = [keyOf(from), greetings.members.value.get(from)]
      return key === undefined || member === undefined ? 'not-admitted' : epochs.take({ key, member }, handed)
    },
  }
}
