/**
 * A scene for watchConnections: `strangers-scene.ts [flags of the relay]`.
 * A relay, a community, a room; Alice in Chromium and Bob in Firefox talk and hear each other. Prints one line of JSON, a
 * {@link Told}, and ends with status 0 when all of that was so.
 */

import { person } from './person.ts'
import { ALICE, BOB } from './recordings/recordings.ts'
import { startRelayProcess } from './relay-process.ts'

/** What the scene tells of itself. */
export interface Told {
  readonly relay: string
  /** Origins of every URL that each page asked for. */
  readonly alice: readonly string[]
  readonly bob: readonly string[]
}

const [relay, alice, bob] = await Promise.all([
  startRelayProcess(process.argv.slice(2)),
  person(ALICE, 'chromium'),
  person(BOB, 'firefox'),
])
try {
  await alice.found(relay.foundingLink ?? '', 'Le Baobab')
  await bob.join(await alice.invite())
  await alice.openRoom('Among us')
  await bob.enterRoom('Among us')
  await alice.openMicrophone()
  await bob.takeStage(alice)
  await Promise.all([alice.hears(bob), bob.hears(alice)])
  const told: Told = {
    relay: relay.origin,
    alice: originsOf(alice.page.requests),
    bob: originsOf(bob.page.requests),
  }
  console.log(JSON.stringify(told))
} finally {
  await Promise.all([alice.close(), bob.close()])
  await relay.close()
}

function originsOf(urls: readonly string[]): string[] {
  return [...new Set(urls.map((url) => new URL(url).origin))]
}
