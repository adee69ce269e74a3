/* SPDX-License-Identifier: Apache-2.0 */
/* list.h - intrusive doubly linked list. A node in no list points at itself. */
#ifndef TERN_LIST_H
#define TERN_LIST_H

#include "base/base.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_add(struct list *head, struct list *node) /* at the end */
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void list_add_first(struct list *head, struct list *node)
{
	list_add(head->next, node);
}

static inline void list_del(struct list *node) /* harmless on a node in no list */
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

static inline struct list *list_first(const struct list *head)
{
	return head->next == head ? NULL : head->next;
}

static inline struct list *list_pop(struct list *head)
{
	struct list *node = list_first(head);

	if (node)
		list_del(node);
	return node;
}

#define list_entry(node, type, member) container_of(node, type, member)
/* Safe against removal of the current node. */
#define list_foreach(head, node)                                                          \
	for (struct list *node = (head)->next, *node##_next = node->next; node != (head); \
	     node = node##_next, node##_next = node->next)

#endif
