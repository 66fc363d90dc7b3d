/** True where what a path leads to has been mounted read-only, by the text of /proc/self/mountinfo, proc(5). */
export function isReadOnly(mountinfo: string, path: string): boolean {
  const over = mountinfo.split("\n").flatMap((line) => {
    const [mount = "", superBlock = ""] = line.split(" - ");
    const [, , , , place = "", options = ""] = mount.split(" ");
    const isAbove = place !== "" && `${path}/`.startsWith(place === "/" ? place : `${place}/`);
    return isAbove ? [`${options},${superBlock.split(" ")[2] ?? ""}`] : [];
  });
  // What was mounted last hides what was there before.
  return over.at(-1)?.split(",").includes("ro") ?? false;
}
