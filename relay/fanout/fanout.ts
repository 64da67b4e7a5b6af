import type { Network, PeerIdString } from '../../node/network/network.ts'
import { keyOf } from '../../node/network/peer-id.ts'
import type { Clock } from '../../node/ports/clock.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import type { RoomId } from '../../protocol/ids.ts'
import type { Signer, Verifier } from '../../protocol/signature.ts'
import { FANOUT, FANOUT_PROTOCOL } from '../../protocol/wire/fanout.ts'
import { encodeFrame } from '../../protocol/wire/frame.ts'
import { Allowance, type Rate } from '../allowance.ts'
import { accountOf, type Sessions } from '../sessions.ts'
import { Attachment } from './attachment.ts'
import { Cascade, type FellowRelays } from './cascade.ts'
import type { Crew } from './crew.ts'
import type { RoomGate } from './gate.ts'
import { HeldLinks } from './held-links.ts'
import {
  HEARING_EVERY_MS,
  LONG_PACKETS_END,
  LONG_PACKETS_LOAD,
  SMALL_AGAIN,
  SMALL_AUDIENCE,
  STREAMS_PER_PEER,
  SWEEP_MS,
} from './limits.ts'
import type { VoiceId } from './selection.ts'

/** New links of one member: a phone that changes networks makes some in a row, with all their tabs. */
const LINKS: Rate = { burst: 32, refill: 2_000 }

export interface FanoutParts {
  readonly network: Network
  readonly sessions: Sessions
  readonly verifier: Verifier
  /** The newest that the relay knows. */
  readonly membership: () => Membership
  /** The relay's session. */
  readonly relay: Signer
  readonly gate: RoomGate
  readonly crew: Crew
  readonly clock: Clock
  /** Multiaddrs of other relays of the community, for those whom this one has no room for. */
  readonly others: () => readonly string[]
  /** Those among them that give voices to this one, and take voices from it. */
  readonly fellows: FellowRelays
}

/** What listeners of a room get, and how many they are. */
interface Audience {
  readonly packetTime: number
  /** At this relay, and at all. */
  readonly here: number
  readonly everywhere: number
}

/** Carries the voices of rooms to whoever listens, for as long as their tickets and the room allow it. */
export interface Fanout {
  /** Sessions that listen to a room, here and over the other relays. */
  hearing(room: RoomId): number
  stop(): Promise<void>
}

export async function startFanout(parts: FanoutParts): Promise<Fanout> {
  const { network, sessions, verifier, membership, relay, gate, crew, clock, others, fellows } = parts
  const attached = new Map<PeerIdString, Attachment>()
  const audiences = new Map<RoomId, Audience>()
  const links = new Allowance(clock, LINKS)
  const held = new HeldLinks(crew)
  const cascade = await Cascade.start({ network, fellows, gate, crew, clock, others })

  function packetTime(room: RoomId): number {
    return audiences.get(room)?.packetTime ?? 20
  }

  /** So many more or fewer listen in a room; 0: what packets that calls for may be another. */
  function change(room: RoomId, by: number): void {
    const here = (audiences.get(room)?.here ?? 0) + by
    cascade.setListeners(room, here)
    if (here === 0) {
      audiences.delete(room)
      return
    }
    // A voice goes to all relays in the same packets.
    const everywhere = cascade.hearing(room)
    audiences.set(room, {
      here,
      everywhere,
      packetTime: packetTimeFor(everywhere, crew.load, packetTime(room)),
    })
  }

  function tell(attachment: Attachment): void {
    const audience = attachment.room && audiences.get(attachment.room)
    if (audience) attachment.tell(audience.packetTime, audience.everywhere)
  }

  function sweep(): void {
    const now = clock.now()
    for (const [peer, attachment] of [...attached]) {
      attachment.check(now)
      if (sessions.of(peer)?.kind !== 'member') attachment.refuse('not-admitted')
    }
    for (const room of audiences.keys()) change(room, 0)
  }

  const { maxBytes } = FANOUT
  await network.handleChannel(
    FANOUT_PROTOCOL,
    { maxBytes, maxConcurrentPerPeer: STREAMS_PER_PEER },
    (peer, channel) => {
      const session = sessions.of(peer)
      const from = keyOf(peer)
      if (session?.kind !== 'member' || from === undefined) {
        void channel.send(encodeFrame(FANOUT, { error: 'not-admitted', others: [] })).catch(() => undefined)
        void channel.close()
        return
      }
      // Whoever comes again knows best that what was there before is dead.
      attached.get(peer)?.leave()
      let voice: VoiceId | undefined
      const attachment: Attachment = new Attachment({
        channel,
        peer,
        from,
        member: session.member,
        verifier,
        membership,
        relay,
        gate,
        crew,
        clock,
        others,
        packetTime,
        allowed: () => links.take(accountOf(session)),
        hold: () => held.take(session.member),
        onConnected: (room) => {
          change(room, 1)
          voice = attachment.voice
          if (voice !== undefined) cascade.enter(room, from, session.member, voice)
          tell(attachment)
        },
        onGone: (room) => {
          if (voice !== undefined) cascade.leave(room, from, voice)
          change(room, -1)
        },
      })
      attached.set(peer, attachment)
      void channel.closed.then(() => {
        if (attached.get(peer) === attachment) attached.delete(peer)
      })
    },
  )
  // Whoever was put out hears nothing from that moment on, however many are in other rooms.
  const look = (room: RoomId) => {
    for (const attachment of [...attached.values()])
      if (attachment.room === room) attachment.check(clock.now())
  }
  const cancels = [
    gate.onChange(look),
    clock.every(SWEEP_MS, sweep),
    clock.every(HEARING_EVERY_MS, () => attached.forEach(tell)),
  ]

  return {
    hearing: (room) => cascade.hearing(room),
    async stop() {
      for (const cancel of cancels) cancel()
      await network.unhandle(FANOUT_PROTOCOL)
      await cascade.stop()
      for (const attachment of attached.values()) attachment.leave()
      await crew.stop()
    },
  }
}

/** 20 ms where few listen, 60 for an audience, 120 when the relay could not bear more packets (FANOUT-5). */
export function packetTimeFor(listeners: number, load: number, before: number): number {
  if (load > LONG_PACKETS_LOAD || (before === 120 && load > LONG_PACKETS_END)) return 120
  const isSmall = before === 20 ? listeners < SMALL_AUDIENCE : listeners < SMALL_AGAIN
  return isSmall ? 20 : 60
}
