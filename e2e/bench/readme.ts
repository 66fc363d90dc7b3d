/** A README with a text between its `<!-- bench -->` and `<!-- end bench -->`. Throws if it has no such place. */
export function withBench(readme: string, text: string): string {
  const place = /(<!-- bench -->\n)[\s\S]*?(<!-- end bench -->)/;
  if (!place.test(readme))
    throw new Error("README.md has no place between <!-- bench --> and <!-- end bench -->");
  return readme.replace(place, (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`);
}
