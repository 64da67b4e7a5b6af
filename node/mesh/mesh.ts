import type { Membership } from '../../protocol/community/membership.ts'
import type { KeyText, MemberId, RoomId } from '../../protocol/ids.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { SIGNALLING, SIGNALLING_PROTOCOL } from '../../protocol/wire/signalling.ts'
import type { Channel, PeerIdString, PeerNetwork, Unsubscribe } from '../network/network.ts'
import type { Observable } from '../observed.ts'
import { Observed } from '../observed.ts'
import type { Clock } from '../ports/clock.ts'
import type { PeerConnections } from '../ports/connections.ts'
import type { Traffic } from '../ports/traffic.ts'
import type { VoiceKeys } from '../voice/keys.ts'
import type { VoiceCheck } from '../voice/opener.ts'
import { AudioLink, type LinkState } from './audio-link.ts'
import { HeldChannels } from './held-channels.ts'
import { CHANNELS_PER_PEER } from './limits.ts'
import type { LinkReason } from './link-end.ts'
import { type Me, Voucher } from './voucher.ts'

export interface MeshDependencies {
  readonly network: Pick<
    PeerNetwork,
    'peer' | 'publicKey' | 'hidesAddress' | 'openChannel' | 'handleChannel' | 'unhandle' | 'on'
  >
  readonly connections: PeerConnections
  readonly clock: Clock
  readonly verifier: Verifier
  /** The newest membership that this peer knows. */
  readonly membership: () => Membership
  readonly me: Me
  /** Hears why attempts at a link ended. */
  readonly report?: (where: string, error: unknown) => void
}

/** A session that we want a link with, as this peer's own resolved state of the room has it. */
export interface WantedLink {
  readonly peer: PeerIdString
  /** The session's public key, which `peer` is another form of. */
  readonly key: KeyText
  /** Whose session it is, by a presence that was verified. */
  readonly member: MemberId
  /** Whether we speak to it: we are on stage, with a microphone or about to have one. */
  readonly send: boolean
  /** Whether we play it: the member holds the stage. */
  readonly receive: boolean
}

export interface LinkView {
  readonly peer: PeerIdString
  readonly member: MemberId
  readonly state: LinkState
  /** Why it failed. */
  readonly reason: LinkReason | undefined
  /** What is received and may be played; undefined the moment that it may not. */
  readonly stream: MediaStream | undefined
  /** Whether what came of it is the member's own; undefined before anything came. */
  readonly check: VoiceCheck | undefined
}

/** The audio of one room: a link to each wanted session. */
export interface Mesh {
  /** All links that are wanted now; those that are not named are ended. */
  update(wanted: readonly WantedLink[]): void
  /** The person's voice, sent where `send` says so. Not stopped here: it belongs to whoever opened it. */
  setMicrophone(track: MediaStreamTrack | undefined): void
  /** What voices are sealed and opened with from now on; before the first call nothing is sent or heard. */
  use(keys: VoiceKeys): void
  /** While the person's voice rests nothing is sent to anybody, over these links or a relay's, and none of them is negotiated anew. */
  rest(resting: boolean): void
  /** In the order of the last `update`. */
  readonly links: Observable<readonly LinkView[]>
  /** Loudness of each session just now, linear from 0 to 1; 0 where nothing may be heard. */
  levels(): Promise<ReadonlyMap<PeerIdString, number>>
  /** Of each session that is connected. */
  traffic(): Promise<ReadonlyMap<PeerIdString, Traffic>>
  /** Says goodbye to all and ends every link. Twice is safe. */
  stop(): Promise<void>
}

/**
 * Starts the audio of a room. A peer has one mesh at a time: the signalling protocol has one handler.
 * @throws Error when a mesh runs already
 */
export async function startMesh(room: RoomId, dependencies: MeshDependencies): Promise<Mesh> {
  const mesh = new AudioMesh(room, dependencies)
  await mesh.start()
  return mesh
}

class AudioMesh implements Mesh {
  readonly #dependencies: MeshDependencies
  readonly #voucher: Voucher
  readonly #held: HeldChannels
  readonly #links = new Map<PeerIdString, AudioLink>()
  readonly #view = new Observed<readonly LinkView[]>([])
  /** Goodbyes under way. */
  readonly #closing = new Set<Promise<void>>()
  #wanted: readonly WantedLink[] = []
  #microphone: MediaStreamTrack | undefined
  #unsubscribes: readonly Unsubscribe[] = []
  #stopped: Promise<void> | undefined

  constructor(room: RoomId, dependencies: MeshDependencies) {
    const { me, clock, verifier, membership } = dependencies
    this.#dependencies = dependencies
    this.#voucher = new Voucher({ room, me, clock, verifier, membership })
    this.#held = new HeldChannels(clock)
  }

  get links(): Observable<readonly LinkView[]> {
    return this.#view
  }

  async start(): Promise<void> {
    const { network, connections } = this.#dependencies
    const options = { maxBytes: SIGNALLING.maxBytes, maxConcurrentPerPeer: CHANNELS_PER_PEER }
    await network.handleChannel(SIGNALLING_PROTOCOL, options, (from, channel) => this.#accept(from, channel))
    this.#unsubscribes = [
      network.on('connect', (peer) => this.#links.get(peer)?.retry()),
      connections.checks.subscribe(() => this.#show()),
    ]
  }

  update(wanted: readonly WantedLink[]): void {
    if (this.#stopped !== undefined) return
    const named = new Map(wanted.map((link) => [link.peer, link]))
    if (named.size < wanted.length) throw new TypeError('a session is wanted once')
    const { network } = this.#dependencies
    if (named.has(network.peer)) throw new TypeError('nobody is linked to themselves')
    if (network.hidesAddress && named.size > 0) throw new TypeError('a hidden address is told to nobody')
    this.#wanted = wanted
    for (const [peer, link] of this.#links) {
      const { member, key } = named.get(peer) ?? {}
      if (member === link.far.member && key === link.far.key) continue
      this.#links.delete(peer)
      this.#close(link)
    }
    for (const each of wanted) {
      const link = this.#links.get(each.peer) ?? this.#begin(each)
      link.want(each.send ? this.#microphone : undefined, each.receive)
    }
    this.#show()
  }

  setMicrophone(track: MediaStreamTrack | undefined): void {
    this.#microphone = track
    this.update(this.#wanted)
  }

  use(keys: VoiceKeys): void {
    this.#dependencies.connections.use(keys)
  }

  rest(resting: boolean): void {
    this.#dependencies.connections.rest(resting)
  }

  async levels(): Promise<ReadonlyMap<PeerIdString, number>> {
    return new Map([...this.#links].map(([peer, link]) => [peer, link.level()]))
  }

  async traffic(): Promise<ReadonlyMap<PeerIdString, Traffic>> {
    const counted = await Promise.all(
      [...this.#links].map(async ([peer, link]) => [peer, await link.traffic()] as const),
    )
    return new Map(counted.flatMap(([peer, traffic]) => (traffic === undefined ? [] : [[peer, traffic]])))
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribes) unsubscribe()
    this.#held.clear()
    for (const link of this.#links.values()) this.#close(link)
    this.#links.clear()
    this.#wanted = []
    this.#show()
    await this.#dependencies.network.unhandle(SIGNALLING_PROTOCOL)
    await Promise.all(this.#closing)
    this.#dependencies.connections.close()
  }

  #accept(from: PeerIdString, channel: Channel): void {
    const link = this.#links.get(from)
    if (this.#stopped !== undefined) channel.abort(new Error('the room was left'))
    else if (this.#dependencies.network.hidesAddress)
      channel.abort(new Error('nobody is linked directly here'))
    else if (link === undefined) this.#held.hold(from, channel)
    else link.accept(channel)
  }

  #begin({ peer, key, member }: WantedLink): AudioLink {
    const { network, connections, clock, report } = this.#dependencies
    const link = new AudioLink({
      far: { peer, key, member },
      network,
      connections,
      voucher: this.#voucher,
      clock,
      onChange: () => {
        if (this.#links.get(peer) === link) this.#show()
      },
      report: report ?? (() => {}),
    })
    this.#links.set(peer, link)
    const channel = this.#held.release(peer)
    if (channel !== undefined) link.accept(channel)
    return link
  }

  #close(link: AudioLink): void {
    const closing = link
      .close()
      .catch((error: unknown) => this.#dependencies.report?.(`goodbye to ${link.far.peer}`, error))
      .finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  #show(): void {
    const views = this.#wanted.map(({ peer }) => this.#links.get(peer)).filter((link) => link !== undefined)
    const checks = this.#dependencies.connections.checks.value
    const now = views.map(({ far: { peer, key, member }, state, reason, voice }) => {
      return { peer, member, state, reason, stream: voice, check: checks.get(key) }
    })
    if (!sameLinks(now, this.#view.value)) this.#view.set(now)
  }
}

export function sameLinks(a: readonly LinkView[], b: readonly LinkView[]): boolean {
  return a.length === b.length && a.every((link, i) => sameLink(link, b[i]))
}

function sameLink(a: LinkView, b: LinkView | undefined): boolean {
  return (
    a.peer === b?.peer &&
    a.member === b.member &&
    a.state === b.state &&
    a.reason === b.reason &&
    a.stream === b.stream &&
    a.check === b.check
  )
}
