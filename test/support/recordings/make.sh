#!/bin/sh
# Makes the five recordings beside this file (README.md). Run in this folder; needs espeak-ng and sox.
set -eu

# name, voice, pitch (0..99), words per minute, sentence
say() {
  espeak-ng -v "$2" -p "$3" -s "$4" --stdout "$5" | sox -t wav - -r 16000 -c 1 -b 16 "$1.wav" norm -6
}

say alice fr-fr+f2 70 165 "Hier soir, un vieux pêcheur m'a raconté comment la lune avait volé les étoiles du lac. Je n'en crois pas un mot, mais quelle belle histoire !"
say bob en-us 25 150 "The train to the coast leaves at seven, and my brother always forgets his umbrella under the green bench by the ticket office."
say carol en-gb-scotland+f4 88 175 "Would you please bring three lemons, a loaf of bread and some fresh butter? Grandmother is baking for the whole village again."
say david fr-be+m4 18 155 "Le matin, je traverse le pont à vélo, puis j'achète deux croissants chauds chez le boulanger qui chante toujours faux."
say erin en-gb-x-rp+f5 50 185 "Scientists measured a curious signal yesterday: nine slow pulses, a pause, then silence, like somebody knocking politely on the sky."
