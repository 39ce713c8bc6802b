// Everybody's visitor links.

import { ask } from "../../api.js";
import { adminFrame } from "../frame.js";
import { Listing } from "../listing.js";
import { VisitorLinks } from "../visitor_links.js";

export function linksPage(app) {
  const list = new Listing(async () => {
    const [{ people }, { groups }] = await Promise.all([ask("GET", "/people"), ask("GET", "/groups")]);
    return [...people.map(({ user }) => ["user", user.uid, user.name]),
      ...groups.map((group) => ["group", group.group_id, group.name])];
  }, (receivers) => new VisitorLinks(app, receivers).parts);
  return adminFrame(app, "admin/links", "Visitor links", list.root);
}
