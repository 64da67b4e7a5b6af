import type { PeerErrorCode } from '../../node/errors.ts'
import type { Door, NewRoom, ParticipantView, Peer, RoomSession, RoomView } from '../../node/view.ts'
import type { RoomId } from '../../protocol/ids.ts'
import type { RoomAudio } from '../audio/room-audio.ts'
import { Announcer } from './announcer.svelte.ts'
import { Attempt, codeOf } from './attempt.svelte.ts'
import { Community } from './community.ts'
import type { Language } from './language.svelte.ts'
import type { Memory } from './memory.ts'
import type { newsOf } from './news.ts'
import { shownName } from './people.ts'
import type { Preferences } from './preferences.svelte.ts'
import type { Room } from './room.svelte.ts'
import type { Route } from './route.ts'
import type { Router } from './router.svelte.ts'

/** Where this browser stands towards the site's community. */
export type Standing =
  | { readonly at: 'opening' }
  | { readonly at: 'failed'; readonly code: PeerErrorCode }
  | { readonly at: 'outside'; readonly door: Door; readonly founded: boolean }
  | { readonly at: 'inside'; readonly community: Community }

export interface ApplicationDependencies {
  readonly openDoor: () => Promise<Door>
  /** Loads what a room does with sound. */
  readonly loadAudio: () => Promise<RoomAudio>
  readonly router: Router
  readonly language: Language
  readonly memory: Memory
}

interface RoomParts {
  readonly Room: typeof Room
  readonly newsOf: typeof newsOf
  readonly audio: RoomAudio
  readonly Preferences: typeof Preferences
}

/** The whole app: the standing of this browser, and the one room it is in. */
export class Application {
  readonly #dependencies: ApplicationDependencies
  #standing: Standing = $state.raw({ at: 'opening' })
  #room = $state.raw<Room>()
  #closing: Promise<void> | undefined

  readonly language: Language
  readonly router: Router
  readonly announcer = new Announcer()
  /** Entering a room, from the list or by its address. */
  readonly entering = new Attempt()

  constructor(dependencies: ApplicationDependencies) {
    this.#dependencies = dependencies
    this.language = dependencies.language
    this.router = dependencies.router
    this.router.arrived = (route) => void this.#arrive(route)
  }

  get standing(): Standing {
    return this.#standing
  }

  /** The room that this browser is in; it stays joined while the person looks at other screens. */
  get room(): Room | undefined {
    return this.#room
  }

  /** Finds out where this browser stands. Again after a failure. */
  async start(): Promise<void> {
    this.#standing = { at: 'opening' }
    try {
      const door = await this.#dependencies.openDoor()
      const peer = await door.resume()
      if (peer === undefined) {
        const { founded } = await door.site()
        this.#standing = { at: 'outside', door, founded }
      } else {
        this.#standing = { at: 'inside', community: new Community(peer) }
        await this.#arrive(this.router.route)
      }
    } catch (error) {
      this.#standing = { at: 'failed', code: codeOf(error) }
    }
  }

  /** Takes a new member in, and wipes the founding token or invitation from the address. */
  enter(peer: Peer): void {
    this.#standing = { at: 'inside', community: new Community(peer) }
    this.router.replace({ at: 'home' })
  }

  /** Opens a room and goes there. */
  async openRoom(room: NewRoom): Promise<void> {
    const session = await this.#peer.openRoom(room)
    await this.#take(session)
    this.router.go({ at: 'room', room: session.view.value.id })
  }

  /** Joins a room, after leaving the one that this browser is in; `entering` tells how it goes. */
  async joinRoom(room: RoomId): Promise<void> {
    await this.entering.run(async () => this.#take(await this.#peer.joinRoom(room)))
    // One room is entered at a time: who chose another one meanwhile is still waiting for it.
    const { route } = this.router
    if (route.at === 'room' && route.room !== room) await this.#arrive(route)
  }

  /** Leaves the present room and goes back to the list. */
  async leaveRoom(): Promise<void> {
    const room = this.#room
    this.#room = undefined
    this.entering.forget()
    if (this.router.route.at === 'room') this.router.go({ at: 'home' })
    await room?.leave()
  }

  /** Leaves the room and the network, as the page goes away. Twice is safe. */
  async close(): Promise<void> {
    if (this.#standing.at !== 'inside') return
    // The room stays in the address, whatever becomes of it: Firefox would load another one anew than the person was at.
    this.#room?.close()
    this.#closing ??= this.#peer.stop()
    await this.#closing
  }

  get #peer(): Peer {
    if (this.#standing.at !== 'inside') throw new Error('only a member has a peer')
    return this.#standing.community.peer
  }

  async #arrive(route: Route): Promise<void> {
    this.announcer.say('')
    if (this.#standing.at !== 'inside') return
    // Who founded the community may come back with the same link, which is worth nothing by now.
    if (route.at === 'found') this.router.replace({ at: 'home' })
    if (route.at !== 'room') return
    if (this.#room?.view.id === route.room) return
    await this.joinRoom(route.room)
  }

  /** What being in a room takes here: fetched while the relay is there, from which it comes, and after the first screen. */
  async loadRoom(): Promise<RoomParts> {
    const [{ Room }, { newsOf }, { Preferences }, audio] = await Promise.all([
      import('./room.svelte.ts'),
      import('./news.ts'),
      import('./preferences.svelte.ts'),
      this.#dependencies.loadAudio(),
    ])
    return { Room, newsOf, Preferences, audio }
  }

  async #take(session: RoomSession): Promise<void> {
    const { Room, newsOf, Preferences, audio } = await this.loadRoom()
    const former = this.#room
    this.#room = new Room(session, {
      audio,
      preferences: new Preferences(this.#dependencies.memory),
      changed: (before, after) => this.#follow(newsOf, before, after),
    })
    await former?.leave()
  }

  #follow(newsOf: RoomParts['newsOf'], before: RoomView, after: RoomView): void {
    const t = this.language.messages
    const nameOf = (person: ParticipantView) => shownName(person.name, person.member, t.people.unnamed)
    const news = newsOf(before, after, t, nameOf)
    if (news.length > 0) this.announcer.say(news.join('. '))
    if (after.status === 'left' && this.#room?.view.id === after.id) {
      this.#room.close()
      this.#room = undefined
      if (this.router.route.at === 'room') this.router.go({ at: 'home' })
    }
  }
}
