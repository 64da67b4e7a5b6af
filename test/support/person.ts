/** A person at a browser of their own: what they do in the app, and what they see and hear of it, as a story tells it. */

import type { MemberId } from '../../protocol/ids.ts'
import { type Browser, type BrowserKind, launch, type Page } from './browsers.ts'
import { PATIENCE } from './browsers-page.ts'
import { forgetTracks, remoteTracks, tracksFlowed } from './browsers-tracks.ts'
import { HEARD, heard, SHORTEST, scores } from './hearing.ts'
import { HearingError, untilHeard, untilNobodyHeard } from './hearing-ear.ts'
import type { Home } from './homes.ts'
import { RECORDINGS, type Recording, type RecordingName } from './recordings/recordings.ts'
import { at, TESTIDS, type TestId } from './testids.ts'

/** What is judged of a voice at a time, in seconds: the shortest that can be, and some lead-in. */
const LISTEN = SHORTEST + 0.8

/** Somebody in a room as another sees them: the attributes of `participant`. */
export interface Seen {
  readonly name: string
  readonly me: boolean
  readonly stage: boolean
  readonly speaking: boolean
  readonly muted: boolean
  /** Position in the queue of hands, '' without. */
  readonly hand: string
  readonly offered: boolean
  readonly link: 'none' | 'connecting' | 'connected' | 'failed'
}

/** The states of the big button (`TESTIDS.micToggle`). */
type Microphone = 'closed' | 'muted' | 'muted-by-moderator' | 'open'

declare global {
  interface Window {
    /** How often the page asked for a microphone since it was loaded. */
    __asked: number
  }
}

/** Counts the questions for a microphone. */
const COUNT_QUESTIONS = `{
  window.__asked = 0
  const devices = globalThis.MediaDevices?.prototype // a page that is not secure, such as a blank one, has none
  const ask = devices?.getUserMedia
  if (ask) devices.getUserMedia = function getUserMedia(constraints) {
    window.__asked += 1
    return ask.call(this, constraints)
  }
}`

/**
 * Somebody sits down at a fresh browser, with their voice as its microphone; nothing is open yet.
 * @param script runs in the app's page before its own scripts
 * @param home where it is; at this machine, without
 */
export async function person(voice: Recording, kind: BrowserKind, script = '', home?: Home): Promise<Person> {
  return new Person(voice, await launch(kind, { voice, ...(home && { home }) }), script)
}

/** Somebody as others know them, wherever they are. */
export type Somebody = Pick<Person, 'name' | 'member' | 'voice'>

export class Person {
  readonly name: string
  readonly voice: Recording
  readonly browser: Browser
  readonly #script: string
  #page: Page | undefined
  #member: MemberId | undefined
  #phrase = ''

  constructor(voice: Recording, browser: Browser, script = '') {
    this.name = voice.name.replace(/^./, (letter) => letter.toUpperCase())
    this.voice = voice
    this.browser = browser
    this.#script = script
  }

  /** The tab in which they founded or joined. */
  get page(): Page {
    if (this.#page === undefined) throw new TypeError(`${this.name} has not opened the app yet`)
    return this.#page
  }

  /** Their recovery phrase, as they were shown it. */
  get phrase(): string {
    return this.#phrase
  }

  /** Known since they were first in a room. */
  get member(): MemberId {
    if (this.#member === undefined) throw new TypeError(`${this.name} was in no room yet`)
    return this.#member
  }

  // --- coming in ------------------------------------------------------------------------------

  async found(link: string, community: string): Promise<void> {
    const page = await this.#open(link)
    await page.fill(at(TESTIDS.foundCommunityName), community)
    await page.fill(at(TESTIDS.foundName), this.name)
    await page.click(at(TESTIDS.foundSubmit))
    await this.#saveWords()
  }

  /** Makes an invitation; resolves to its link. */
  async invite(): Promise<string> {
    const { page } = this
    await page.click(at(TESTIDS.inviteOpen))
    await page.waitFor(at(TESTIDS.inviteCreate))
    const links = () =>
      page.evaluate(
        (field) => [...document.querySelectorAll<HTMLInputElement>(field)].map(({ value }) => value),
        at(TESTIDS.inviteLink),
      )
    const before = await links()
    await page.click(at(TESTIDS.inviteCreate))
    await page.waitUntil(({ field, count }) => document.querySelectorAll(field).length > count, {
      field: at(TESTIDS.inviteLink),
      count: before.length,
    })
    const fresh = (await links()).find((link) => !before.includes(link))
    if (fresh === undefined) throw new Error('the new invitation has no link of its own')
    await page.click('header a')
    await page.waitFor(at(TESTIDS.roomOpen))
    return fresh
  }

  async join(link: string): Promise<void> {
    const page = await this.#open(link)
    await page.fill(at(TESTIDS.joinName), this.name)
    await page.click(at(TESTIDS.joinSubmit))
    await this.#saveWords()
  }

  async #open(link: string): Promise<Page> {
    this.#page = await this.browser.open(link, `${COUNT_QUESTIONS}\n${this.#script}`)
    return this.#page
  }

  async #saveWords(): Promise<void> {
    const { page } = this
    await page.waitFor(at(TESTIDS.phraseWords))
    this.#phrase = await page.evaluate(
      (words) => [...document.querySelectorAll(`${words} .word`)].map((word) => word.textContent).join(' '),
      at(TESTIDS.phraseWords),
    )
    await page.click(at(TESTIDS.phraseConfirm))
    await page.click(at(TESTIDS.phraseEnter))
    await page.waitFor(at(TESTIDS.roomOpen))
  }

  /** Hides the address of this device, or shows it again; the app begins anew, on the list of rooms. */
  async hidesAddress(on: boolean): Promise<void> {
    const { page } = this
    await page.evaluate(() => {
      document.documentElement.dataset.before = 'yes'
      location.hash = '#/own'
    })
    await page.click(at(TESTIDS.hideAddress))
    await page.waitUntil(
      ({ field, wanted }) =>
        document.documentElement.dataset.before === undefined &&
        document.querySelector<HTMLInputElement>(field)?.checked === wanted,
      { field: at(TESTIDS.hideAddress), wanted: on },
    )
    await page.evaluate(() => {
      location.hash = '#/'
    })
    await page.waitFor(at(TESTIDS.roomOpen))
  }

  // --- rooms ----------------------------------------------------------------------------------

  async openRoom(title: string, kind?: 'private'): Promise<void> {
    const { page } = this
    await page.click(at(TESTIDS.roomOpen))
    await page.fill(at(TESTIDS.roomTitle), title)
    if (kind === 'private') await page.click(at(TESTIDS.roomChoosePrivate))
    await page.click(at(TESTIDS.roomCreate))
    await this.arrives()
  }

  /** As host of a private room: may come in, from now on. */
  async letIn(other: Person): Promise<void> {
    const { page } = this
    await page.click(at(TESTIDS.openGuests))
    await page.fill(at(TESTIDS.guestSearch), other.name)
    await page.click(at(TESTIDS.guestIn))
    await page.waitFor(at(TESTIDS.guestOut))
    await page.press('Escape')
  }

  /** The contrary, of the one person who was let in. */
  async shutOut(): Promise<void> {
    const { page } = this
    await page.click(at(TESTIDS.openGuests))
    await page.click(at(TESTIDS.guestOut))
    await page.waitFor(at(TESTIDS.guestOut), { hidden: true })
    await page.press('Escape')
  }

  /** Enters the room of that title as soon as it is in the list. */
  async enterRoom(title: string): Promise<void> {
    await this.choosesRoom(title)
    await this.arrives()
  }

  /** Presses the room of that title as soon as it is in the list: whether it lets them in is another matter. */
  async choosesRoom(title: string): Promise<void> {
    const { page } = this
    await this.findsRoom(title)
    const room = await page.evaluate(
      ({ item, wanted }) =>
        [...document.querySelectorAll<HTMLElement>(item)].find((each) => each.textContent.includes(wanted))
          ?.dataset.room,
      { item: at(TESTIDS.roomItem), wanted: title },
    )
    await page.click(`${at(TESTIDS.roomItem)}[data-room="${room}"]`)
  }

  /** Waits until the list of rooms holds one of that title. */
  async findsRoom(title: string): Promise<void> {
    await this.page.waitUntil(
      ({ item, wanted }) =>
        [...document.querySelectorAll<HTMLElement>(item)].some((each) => each.textContent.includes(wanted)),
      { item: at(TESTIDS.roomItem), wanted: title },
    )
  }

  /** Waits until they are in the room that they chose, made or came back to. */
  async arrives(): Promise<void> {
    const { page } = this
    await page.waitFor(at(TESTIDS.roomStage))
    const me = `${at(TESTIDS.participant)}[data-me="true"]`
    await page.waitUntil(isThere, me)
    this.#member = await page.evaluate(
      (mine) => document.querySelector<HTMLElement>(mine)?.dataset.member as MemberId,
      me,
    )
  }

  /** Opens the microphone: the first press gives it, where there is none yet. */
  async openMicrophone(): Promise<void> {
    await this.page.click(at(TESTIDS.micToggle))
    await this.microphoneIs('open')
  }

  async mute(): Promise<void> {
    await this.page.click(at(TESTIDS.micToggle))
    await this.microphoneIs('muted')
  }

  /** Waits until their own button shows this. */
  async microphoneIs(state: Microphone): Promise<void> {
    await this.page.waitFor(`${at(TESTIDS.micToggle)}[data-microphone="${state}"]`)
  }

  async raiseHand(): Promise<void> {
    await this.page.click(at(TESTIDS.handToggle))
    await this.page.waitFor(`${at(TESTIDS.handToggle)}[data-up="true"]`)
  }

  /** Offers the stage to somebody whose hand is up. */
  async bringOnStage(other: Somebody): Promise<void> {
    await this.page.click(`${at(TESTIDS.offerStage)}[data-member="${other.member}"]`)
  }

  /** Tries the microphone, and takes the stage that is offered with it; enters muted. */
  async accept(): Promise<void> {
    await this.page.click(at(TESTIDS.microphoneTry))
    await this.page.waitFor(at(TESTIDS.microphoneTake))
    await this.page.click(at(TESTIDS.microphoneTake))
    await this.microphoneIs('muted')
  }

  /** Raises the hand, is brought on stage by `host`, accepts and opens the microphone. */
  async takeStage(host: Person): Promise<void> {
    await this.raiseHand()
    await host.bringOnStage(this)
    await this.accept()
    await this.openMicrophone()
  }

  /** As a moderator, closes somebody else's microphone. */
  async silence(other: Person): Promise<void> {
    const { page } = this
    await page.click(`${at(TESTIDS.participant)}[data-member="${other.member}"]`)
    await page.click(at(TESTIDS.personMute))
    await page.waitFor(at(TESTIDS.personCard), { hidden: true })
  }

  /** As a moderator, lets somebody open theirs again. */
  async unsilence(other: Person): Promise<void> {
    const { page } = this
    await page.click(`${at(TESTIDS.participant)}[data-member="${other.member}"]`)
    await page.click(at(TESTIDS.personUnmute))
    await page.waitFor(at(TESTIDS.personCard), { hidden: true })
  }

  /** As a moderator, locks the door of the room, or opens it again. */
  async setLocked(on: boolean): Promise<void> {
    const { page } = this
    await page.click(at(TESTIDS.openSettings))
    await page.click(at(TESTIDS.settingsLock))
    await page.click(at(TESTIDS.settingsSave))
    await page.waitFor(at(TESTIDS.roomSettings), { hidden: true })
    await page.waitFor(at(TESTIDS.roomLocked), { hidden: !on })
  }

  /** As the host, asks somebody to help with moderating. Whoever was in the audience enters the stage by taking it. */
  async askForHelp(other: Person): Promise<void> {
    await this.#decide(other, TESTIDS.deedComoderator)
  }

  /** As a moderator, puts somebody out of the room. @param note words beside the reason */
  async putOut(other: Person, note: string): Promise<void> {
    await this.#decide(other, TESTIDS.deedRemove, note)
  }

  async #decide(other: Person, deed: TestId, note?: string): Promise<void> {
    const { page } = this
    await page.click(`${at(TESTIDS.participant)}[data-member="${other.member}"]`)
    await page.click(at(deed))
    if (note !== undefined) await page.fill(at(TESTIDS.deedNote), note)
    await page.click(at(TESTIDS.deedConfirm))
    await page.waitFor(at(TESTIDS.personCard), { hidden: true })
  }

  async stepDown(): Promise<void> {
    await this.page.click(at(TESTIDS.stepDown))
    await this.page.waitFor(at(TESTIDS.handToggle))
  }

  async leave(): Promise<void> {
    await this.page.click(at(TESTIDS.leave))
    await this.page.waitFor(at(TESTIDS.roomOpen))
  }

  /** As the host, ends the room for everybody. */
  async end(): Promise<void> {
    await this.page.click(at(TESTIDS.end))
    await this.page.click(at(TESTIDS.endConfirm))
  }

  // --- what they see --------------------------------------------------------------------------

  /** Everybody shown in the room. */
  async people(): Promise<readonly Seen[]> {
    return this.page.evaluate(
      (participant) =>
        [...document.querySelectorAll<HTMLElement>(participant)].map((each) => {
          const { me, stage, speaking, muted, hand, offered, link } = each.dataset
          return {
            name: each.querySelector<HTMLElement>('.name')?.textContent ?? '',
            me: me === 'true',
            stage: stage === 'true',
            speaking: speaking === 'true',
            muted: muted === 'true',
            hand: hand ?? '',
            offered: offered === 'true',
            link: link as Seen['link'],
          }
        }),
      at(TESTIDS.participant),
    )
  }

  /** Waits until `other` is shown with all of `wanted`. */
  async sees(other: Somebody, wanted: Partial<Seen>): Promise<void> {
    const { name = other.name, ...attributes } = wanted
    const target = `${at(TESTIDS.participant)}[data-member="${other.member}"]${Object.entries(attributes)
      .map(([key, value]) => `[data-${key}="${value}"]`)
      .join('')}`
    await this.#until(
      `does not see ${other.name} as ${JSON.stringify(wanted)}`,
      ({ shown, called }) => document.querySelector<HTMLElement>(`${shown} .name`)?.textContent === called,
      { shown: target, called: name },
    )
  }

  /** What the card of `other` says of the connection between them, once it says how much of what was sent did not come. */
  async connectionWith(other: Person): Promise<string> {
    const { page } = this
    await page.click(`${at(TESTIDS.participant)}[data-member="${other.member}"]`)
    const line = at(TESTIDS.personConnection)
    await page.waitUntil((shown) => document.querySelector(shown)?.textContent.includes('%') === true, line)
    const said = await page.evaluate((shown) => document.querySelector(shown)?.textContent.trim() ?? '', line)
    await page.press('Escape')
    await page.waitFor(at(TESTIDS.personCard), { hidden: true })
    return said
  }

  /** Waits until `other` is no longer in the room. */
  async missesFromRoom(other: Somebody): Promise<void> {
    await this.#until(
      `still sees ${other.name}`,
      isGone,
      `${at(TESTIDS.participant)}[data-member="${other.member}"]`,
    )
  }

  /** Waits until the room is shown as ended. */
  async findsRoomEnded(): Promise<void> {
    await this.page.waitFor(at(TESTIDS.roomEnded))
  }

  /** Waits until the banner says that the relay is away. */
  async isToldOfLostRelay(): Promise<void> {
    await this.page.waitFor(at(TESTIDS.relayBanner))
  }

  /** Waits until the banner is gone. */
  async isToldOfRelay(): Promise<void> {
    await this.page.waitFor(at(TESTIDS.relayBanner), { hidden: true })
  }

  /** Waits until the room says that this relay carries the voices. @param listeners over relays, as it says */
  async isCarriedBy({ origin }: { readonly origin: string }, listeners?: number): Promise<void> {
    const count = listeners === undefined ? '' : `[data-listeners="${listeners}"]`
    await this.page.waitFor(`${at(TESTIDS.roomCarrier)}[data-relay="${new URL(origin).host}"]${count}`)
  }

  /** Waits until the room says that this relay carries the voices between some of those here, and not all. */
  async isCarriedInPart({ origin }: { readonly origin: string }): Promise<void> {
    const { host } = new URL(origin)
    await this.page.waitFor(`${at(TESTIDS.roomCarrier)}[data-relay="${host}"][data-whole="false"]`)
  }

  /** Waits until the room says of no relay that it carries the voices. */
  async isCarriedByNobody(): Promise<void> {
    await this.page.waitFor(at(TESTIDS.roomCarrier), { hidden: true })
  }

  /** Waits until the room says how the voices stand where an address is hidden. */
  async isApart(state: 'carried' | 'unheard'): Promise<void> {
    await this.page.waitFor(`${at(TESTIDS.roomApart)}[data-state="${state}"]`)
  }

  /** Waits until the room says nothing of hidden addresses. */
  async isApartFromNobody(): Promise<void> {
    await this.page.waitFor(at(TESTIDS.roomApart), { hidden: true })
  }

  async #until<A>(failure: string, holds: (argument: A) => boolean, argument: A): Promise<void> {
    try {
      await this.page.waitUntil(holds, argument)
    } catch (cause) {
      const people = (await this.people()).map((each) => JSON.stringify(each))
      throw new Error(`${this.name} ${failure} in ${PATIENCE} ms, but: ${people.join(' ')}`, { cause })
    }
  }

  /** How often this page asked for the microphone. */
  async questionsForMicrophone(): Promise<number> {
    return this.page.evaluate(() => window.__asked)
  }

  // --- what they hear -------------------------------------------------------------------------

  /** Waits until the ear hears all of `others` and nobody else, this person included. */
  async hears(...others: readonly Somebody[]): Promise<void> {
    await untilHeard(
      this.browser.card,
      others.map(({ voice }) => voice),
    )
  }

  /**
   * Waits until the page plays a voice for each of `others` and nobody else, and each of them, taken apart, is heard to be that
   * person's and nobody else's. Throws {@link HearingError} as soon as anybody else is heard in one, and when it takes too long.
   */
  async tells(...others: readonly Somebody[]): Promise<void> {
    const { page } = this
    for (const { member } of others)
      await page.waitUntil(isThere, `${at(TESTIDS.voice)}[data-member="${member}"]`)
    for (const began = performance.now(); ; ) {
      await forgetTracks(page)
      await tracksFlowed(page, others.length, LISTEN)
      const unheard = await this.#unheard(others)
      if (unheard.length === 0) return
      if (performance.now() - began > PATIENCE)
        throw new HearingError(`${this.name} does not hear ${unheard.join('; ')}`)
    }
  }

  /** Those of `others` who are not heard in what was kept of their voice, each with the scores. */
  async #unheard(others: readonly Somebody[]): Promise<readonly string[]> {
    const played = await this.#tracksPlayed()
    const tracks = await remoteTracks(this.page)
    const unheard: string[] = []
    for (const { member, track } of played) {
      const other = others.find((each) => each.member === member)
      if (other === undefined) throw new HearingError(`${this.name} is played a voice of ${member}`)
      // A link that was made anew brings a track of the same name as the one before.
      const sound = tracks.findLast((each) => each.track === track)?.sound
      if (sound === undefined || sound.samples.length < SHORTEST * sound.rate) {
        unheard.push(`${other.name}: too little came of the voice`)
        continue
      }
      const marks = scores(sound, RECORDINGS)
      const told = [...marks].map(([name, score]) => `${name} ${score.toFixed(2)}`).join(', ')
      for (const [name, score] of marks) {
        if (score >= HEARD && name !== other.voice.name)
          throw new HearingError(`${this.name} hears ${name} in the voice of ${other.name}: ${told}`)
      }
      if ((marks.get(other.voice.name) ?? 0) < HEARD) unheard.push(`${other.name}: ${told}`)
    }
    const missing = others.filter(({ member }) => !played.some((each) => each.member === member))
    return [...unheard, ...missing.map(({ name }) => `${name}: no voice is played`)]
  }

  /** Waits until nobody's speech is left on the way to the ear. */
  async hearsNobody(): Promise<void> {
    await untilNobodyHeard(this.browser.card)
  }

  /** Whose speech is in what the ear hears in the next seconds. */
  async listens(): Promise<readonly RecordingName[]> {
    return heard(await this.browser.card.hear(SHORTEST), RECORDINGS)
  }

  /** The track that is played for each member. */
  async #tracksPlayed(): Promise<readonly { readonly member: string; readonly track: string }[]> {
    return this.page.evaluate(
      (voice) =>
        [...document.querySelectorAll<HTMLAudioElement>(voice)].map(({ dataset, srcObject }) => ({
          member: dataset.member ?? '',
          track: (srcObject as MediaStream).getAudioTracks()[0]?.id ?? '',
        })),
      at(TESTIDS.voice),
    )
  }

  async close(): Promise<void> {
    await this.browser.close()
  }
}

/** Runs in the page. */
function isThere(selector: string): boolean {
  return document.querySelector(selector) !== null
}

/** Runs in the page. */
function isGone(selector: string): boolean {
  return document.querySelector(selector) === null
}
