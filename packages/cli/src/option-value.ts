/** An option with its number, as a message begins. yargs makes NaN of what is no number, and keeps nothing of the word. */
export function optionValue(option: string, value: number): string {
  return Number.isNaN(value) ? `${option} is no number` : `${option} ${value}`;
}
