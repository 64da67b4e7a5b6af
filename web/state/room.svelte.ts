import { PeerError } from '../../node/errors.ts'
import type { ParticipantView, RemoteVoice, RoomSession, RoomView } from '../../node/view.ts'
import type { MemberId } from '../../protocol/ids.ts'
import type { ReactionKind } from '../../protocol/room/reaction.ts'
import { closeMicrophone } from '../audio/microphone.ts'
import type { RoomAudio } from '../audio/room-audio.ts'
import { Attempt } from './attempt.svelte.ts'
import { isModerator, mayModerate } from './people.ts'
import type { Preferences } from './preferences.svelte.ts'
import { Watched } from './watched.ts'

/** Hands that go up together are one sound. Milliseconds. */
const CHIME_EVERY = 4_000

/** What the big button of the stage stands for. `closed`: this device has not given a microphone yet. */
export type MicrophoneState = 'off-stage' | 'closed' | 'muted' | 'muted-by-moderator' | 'open'

export interface RoomDependencies {
  readonly audio: RoomAudio
  readonly preferences: Preferences
  /** Told of every change of the room, for what is said aloud. */
  readonly changed: (before: RoomView, after: RoomView) => void
}

/** One joined room as it is drawn, and what a person can do in it. */
export class Room {
  readonly #session: RoomSession
  readonly #dependencies: RoomDependencies
  readonly #view: Watched<RoomView>
  readonly #voices: Watched<readonly RemoteVoice[]>
  readonly #unsubscribe: () => void
  #last: RoomView
  #microphone = $state.raw<MediaStream>()
  #stopWatching: () => void = () => {}
  #closed = false
  /** The key is held that opened the microphone. */
  #talking = false
  #chimedAt = Number.NEGATIVE_INFINITY

  /** The last thing asked for in this room. */
  readonly attempt = new Attempt()
  /** The answer to an offer has its own: its failure is shown where the question is. */
  readonly answer = new Attempt()

  constructor(session: RoomSession, dependencies: RoomDependencies) {
    this.#session = session
    this.#dependencies = dependencies
    this.#view = new Watched(session.view)
    this.#voices = new Watched(session.voices)
    this.#last = session.view.value
    this.#unsubscribe = session.view.subscribe((view) => this.#follow(view))
  }

  /** For what the parts about moderation do. */
  get session(): RoomSession {
    return this.#session
  }

  get audio(): RoomAudio {
    return this.#dependencies.audio
  }

  get preferences(): Preferences {
    return this.#dependencies.preferences
  }

  get view(): RoomView {
    return this.#view.value
  }

  get me(): ParticipantView {
    return this.view.me
  }

  get voices(): readonly RemoteVoice[] {
    return this.#voices.value
  }

  get stage(): readonly ParticipantView[] {
    return this.view.people.filter((person) => person.onStage)
  }

  get audience(): readonly ParticipantView[] {
    return this.view.people.filter((person) => !person.onStage)
  }

  /** Raised hands, first raised first. */
  get hands(): readonly ParticipantView[] {
    return this.view.people
      .filter((person) => person.hand !== undefined && !person.onStage)
      .toSorted((a, b) => (a.hand ?? 0) - (b.hand ?? 0))
  }

  get moderating(): boolean {
    return isModerator(this.me)
  }

  get hosting(): boolean {
    return this.view.host === this.me.member
  }

  get microphone(): MicrophoneState {
    if (!this.me.onStage) return 'off-stage'
    if (this.me.mutedByModerator) return 'muted-by-moderator'
    if (this.#microphone === undefined) return 'closed'
    return this.me.muted ? 'muted' : 'open'
  }

  /** There is nobody whose device and mine are not, or not yet, linked in any way. */
  get reachesAll(): boolean {
    return this.view.people.every(({ me, link }) => me || link === 'none' || link === 'connected')
  }

  mayModerate(person: ParticipantView): boolean {
    return mayModerate(this.me, person)
  }

  toggleHand(): Promise<boolean> {
    return this.attempt.run(() => this.#session.raiseHand(this.me.hand === undefined))
  }

  /** A reaction is light: one that is lost, or comes too soon after another, is nothing to tell of. */
  react(kind: ReactionKind): Promise<boolean> {
    return this.attempt.run(() => this.#session.react(kind))
  }

  /** The big button: gives the microphone where there is none yet, opens or closes it where there is. */
  toggleMicrophone(): Promise<boolean> {
    return this.attempt.run(async () => {
      switch (this.microphone) {
        case 'off-stage':
        case 'muted-by-moderator':
          return
        case 'closed':
          await this.#give(await this.audio.openMicrophone(), (microphone) =>
            this.#session.setMicrophone(microphone),
          )
          return this.#session.setMuted(false)
        case 'muted':
          return this.#session.setMuted(false)
        case 'open':
          return this.#session.setMuted(true)
      }
    })
  }

  /**
   * Push to talk: opens a microphone that was given while a key is held, and closes it when the key is let go. A microphone that a moderator
   * closed stays closed, also when that is lifted under the key: it takes another press.
   */
  async talk(held: boolean): Promise<void> {
    if (held && this.microphone === 'muted') {
      this.#talking = true
      await this.attempt.run(() => this.#session.setMuted(false))
    } else if (!held && this.#talking) {
      this.#talking = false
      // By itself: what else was asked for meanwhile must not keep it open.
      if (this.microphone === 'open') await this.#session.setMuted(true)
    }
  }

  /** Goes on stage, muted, with a microphone that the person has tried. */
  acceptStage(microphone: MediaStream): Promise<boolean> {
    return this.answer.run(() => this.#give(microphone, (given) => this.#session.acceptStage(given)))
  }

  /** Takes another microphone on stage, which enters muted. */
  changeMicrophone(microphone: MediaStream): Promise<boolean> {
    return this.attempt.run(() => this.#give(microphone, (given) => this.#session.setMicrophone(given)))
  }

  declineStage(): Promise<boolean> {
    return this.answer.run(() => this.#session.declineStage())
  }

  offerStage(member: MemberId): Promise<boolean> {
    return this.attempt.run(() => this.#session.offerStage(member))
  }

  removeFromStage(member: MemberId): Promise<boolean> {
    return this.attempt.run(() => this.#session.removeFromStage(member))
  }

  mute(member: MemberId): Promise<boolean> {
    return this.attempt.run(() => this.#session.muteMember(member))
  }

  unmute(member: MemberId): Promise<boolean> {
    return this.attempt.run(() => this.#session.unmuteMember(member))
  }

  /** Lets somebody into a private room. */
  letIn(member: MemberId): Promise<boolean> {
    return this.attempt.run(() => this.#session.letIn([member]))
  }

  /** Takes that back. */
  shutOut(member: MemberId): Promise<boolean> {
    return this.attempt.run(() => this.#session.shutOut(member))
  }

  stepDown(): Promise<boolean> {
    return this.attempt.run(() => this.#session.stepDown())
  }

  end(): Promise<boolean> {
    return this.attempt.run(() => this.#session.end())
  }

  /** Leaves, whatever the network answers: the voices stop here and the microphone is given back. */
  async leave(): Promise<void> {
    this.close()
    await this.#session.leave()
  }

  /** Stops following the room and gives the microphone back. Safe to call twice. */
  close(): void {
    this.#closed = true
    this.#unsubscribe()
    this.#releaseMicrophone()
  }

  /** Gives a microphone to the room, or back to the system. */
  async #give(microphone: MediaStream, give: (microphone: MediaStream) => Promise<void>): Promise<void> {
    try {
      // The browser's question may stand for minutes, and giving takes a moment: meanwhile the person may have left, or been taken off the stage.
      this.#requireRoom()
      await give(microphone)
      this.#requireRoom()
      if (!mayHold(this.#last)) throw new PeerError('not-allowed')
    } catch (error) {
      closeMicrophone(microphone)
      throw error
    }
    this.#releaseMicrophone()
    this.#microphone = microphone
    for (const track of microphone.getAudioTracks())
      track.addEventListener('ended', () => this.#lost(microphone), { once: true })
    this.#stopWatching = this.audio.watchSpeech(microphone, (speaking) => this.#spoke(speaking))
  }

  /** It was unplugged, or the browser took it back; our own `stop` does not come here. The others must not be told that it is open. */
  #lost(microphone: MediaStream): void {
    if (this.#microphone !== microphone) return
    this.#releaseMicrophone()
    void this.attempt.run(async () => {
      await this.#session.setMuted(true)
      throw new PeerError('microphone-missing')
    })
  }

  #requireRoom(): void {
    if (this.#closed) throw new PeerError('room-gone')
  }

  /** The microphone hears this person also while they are muted; the others are told only of what they could hear. */
  #spoke(speaking: boolean): void {
    const told = speaking && !this.#last.me.muted
    if (told !== this.#last.me.speaking) this.#session.setSpeaking(told)
  }

  #releaseMicrophone(): void {
    if (this.#microphone === undefined) return
    this.#stopWatching()
    closeMicrophone(this.#microphone)
    this.#microphone = undefined
  }

  #chime(): void {
    const now = performance.now()
    if (now - this.#chimedAt < CHIME_EVERY) return
    this.#chimedAt = now
    this.audio.chime()
  }

  #follow(view: RoomView): void {
    const before = this.#last
    this.#last = view
    if (!mayHold(view)) this.#releaseMicrophone()
    if (this.preferences.chime && isHandRaised(before, view)) this.#chime()
    this.#dependencies.changed(before, view)
  }
}

/** A microphone is for whoever is on the stage of a room that goes on, and for nobody else. */
function mayHold({ status, me }: RoomView): boolean {
  return me.onStage && status !== 'ended' && status !== 'left' && status !== 'out'
}

/** Somebody else has raised a hand, and I can answer it. */
function isHandRaised(before: RoomView, { me, people }: RoomView): boolean {
  if (!isModerator(me)) return false
  const up = new Set(before.people.filter(({ hand }) => hand !== undefined).map(({ member }) => member))
  return people.some((person) => !person.me && person.hand !== undefined && !up.has(person.member))
}
