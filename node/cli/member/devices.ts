import type { Command } from 'commander'
import { open, seal } from '../../../protocol/envelope.ts'
import { DEVICE_ADD, DEVICE_REMOVE } from '../../../protocol/identity/device.ts'
import { PROFILE } from '../../../protocol/identity/profile.ts'
import type { KeyText } from '../../../protocol/ids.ts'
import { SEED_BYTES, type Signer } from '../../../protocol/signature.ts'
import { type DeviceKey, deviceSigner } from '../../crypto/device-key.ts'
import type { RootVisit } from '../../headless/root-visit.ts'
import { readCard, writeCard } from '../../membership-card.ts'
import { examples, type Start, type Terminal } from '../command.ts'
import { CliError, EXIT, type ExitStatus } from '../failure.ts'
import { table } from '../output.ts'
import { atSite, type HomeOptions, rememberRelay, visiting, withHomeOptions } from './home.ts'
import { type PhraseOptions, readPhrase, withPhraseOption } from './phrase.ts'
import { asRoot, ownRoot } from './roots.ts'
import { parseKey } from './targets.ts'

/** `identity device`. */
export function declareDevices(identity: Command, start: Start): void {
  const group = identity.command('device').description('The devices that speak for you.')
  withHomeOptions(group.command('list'))
    .description('Your devices, and which is this one.')
    .action(start(list))
  withPhraseOption(withHomeOptions(group.command('add')))
    .description('The same as "palabre identity restore".')
    .action(start(restore))
  withPhraseOption(withHomeOptions(identity.command('restore')))
    .description('Make this home a device of yours, in a community where you are a member.')
    .addHelpText(
      'after',
      examples(['palabre identity restore --relay https://… --words-file words.txt', 'on a new machine']),
    )
    .action(start(restore))
  withPhraseOption(withHomeOptions(group.command('remove')))
    .description('Remove a device that was lost or stolen: nothing it signs takes effect any more.')
    .argument('<key>', 'key of the device', parseKey)
    .action(start(remove))
}

function list(terminal: Terminal, options: HomeOptions): Promise<ExitStatus> {
  return visiting(terminal, options, async ({ state, card, device }) => {
    const devices = [...state.devices.values()]
      .filter(({ member }) => member === card.member)
      .map(({ key, chain, removed, frozen }) => ({
        key,
        statements: chain.next,
        removed,
        frozen,
        this: key === device.publicKey,
      }))
    terminal.output.result(devices, () =>
      table(
        devices.map(({ key, statements, removed, frozen, this: here }) => [
          key,
          statements,
          [here ? 'this one' : '', removed ? 'removed' : '', frozen ? 'frozen' : '']
            .filter(Boolean)
            .join(', '),
        ]),
      ),
    )
    return EXIT.ok
  })
}

async function remove(
  terminal: Terminal,
  device: KeyText,
  options: HomeOptions & PhraseOptions,
): Promise<ExitStatus> {
  const phrase = await readPhrase(terminal, options)
  return visiting(terminal, options, async (visit) => {
    const root = await ownRoot(visit, phrase)
    const { id } = await visit.actAsRoot(root, DEVICE_REMOVE, (place) => ({ ...place, device }))
    terminal.output.result(
      { removed: device, statement: id },
      `The device ${device} speaks for you no longer.`,
    )
    return EXIT.ok
  })
}

/** The device is kept before the ledger hears of it: an answer that is lost must not leave a device without its key. */
async function restore(terminal: Terminal, options: HomeOptions & PhraseOptions): Promise<ExitStatus> {
  const phrase = await readPhrase(terminal, options)
  return atSite(terminal, options, undefined, async (site) => {
    const { home, ports, origin, ways } = site
    const card = await asRoot(terminal, site, phrase, async (root) => {
      const { community } = root.state
      const kept = await readCard(home, community)
      const made: DeviceKey = { kind: 'seed', seed: ports.random.bytes(SEED_BYTES) }
      const device = deviceSigner(kept?.device ?? made)
      const profile = kept?.profile ?? (await ownProfile(root, device))
      await root.settle()
      if ((kept && kept.member !== root.member) || root.state.devices.has(device.publicKey))
        throw new CliError('already-joined', 'This home has a device in this community already.')
      const card = { community, member: root.member, device: kept?.device ?? made, profile }
      await writeCard(home, card)
      await rememberRelay(home, community, origin)
      await root.act(DEVICE_ADD, (place) => ({ ...place, device: device.publicKey }), [device])
      return card
    })
    // The relay gets the profile from a device that speaks for the member now; the others may go.
    const visit = await ways.resume()
    await visit?.close()
    const { community, member } = card
    const device = deviceSigner(card.device).publicKey
    terminal.output.result(
      { community, relay: origin.origin, member, device },
      `This home is a device of yours now.\nMember:  ${member}\nDevice:  ${device}`,
    )
    return EXIT.ok
  })
}

/** The member's profile, signed by this device: one of a device that is removed is nobody's word any more (PROF-1). */
async function ownProfile(root: RootVisit, device: Signer): Promise<Uint8Array | undefined> {
  const held = await root.profile()
  const opened = held && open(PROFILE, root.state.community, held)
  return opened?.ok
    ? (await seal(PROFILE, root.state.community, opened.value.payload, [device])).bytes
    : undefined
}
