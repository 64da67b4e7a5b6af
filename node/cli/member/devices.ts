import type { Command } from 'commander'
import { DEVICE_REMOVE } from '../../../protocol/identity/device.ts'
import type { KeyText } from '../../../protocol/ids.ts'
import type { Start, Terminal } from '../command.ts'
import { EXIT, type ExitStatus } from '../failure.ts'
import { table } from '../output.ts'
import { type HomeOptions, visiting, withHomeOptions } from './home.ts'
import { type PhraseOptions, readPhrase, withPhraseOption } from './phrase.ts'
import { ownRoot } from './roots.ts'
import { parseKey } from './targets.ts'

/** `identity device`. */
export function declareDevices(identity: Command, start: Start): void {
  const group = identity.command('device').description('The devices that speak for you.')
  withHomeOptions(group.command('list'))
    .description('Your devices, and which is this one.')
    .action(start(list))
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
