/* Which column is what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/import/headers.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* "order_no customer field:Colour -" */
static void describe(const struct header *header, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < header->column_count; i++) {
        const struct header_column *column = &header->columns[i];
        const char *name = column->field < FIELD_COUNT     ? field_name(column->field)
                           : column->field == FIELD_CUSTOM ? column->custom_name
                                                           : "-";
        int len = snprintf(out + used, size - used, "%s%s%s", i > 0 ? " " : "",
                           column->field == FIELD_CUSTOM ? "field:" : "", name);
        assert_true(len > 0 && (size_t)len < size - used);
        used += (size_t)len;
    }
}

static void test_what_columns_are(void **state)
{
    static const struct {
        const char *header, *fields;
    } cases[] = {
        {"Order #,Customer Name,Product,Qty", "order_no customer product quantity"},
        {"PO Number,Client", "order_no customer"},
        {"PO / SO #,Buyer", "order_no customer"},
        {"PO No,Order No,Customer", "field:PO No order_no customer"},
        {"Order ID,Order Number,Customer", "field:Order ID order_no customer"},
        {"our ref,your ref,Company", "order_no customer_ref customer"},
        {"Order No,Customer PO,Customer", "order_no customer_ref customer"},
        {"Order No,Customer,Product ID,SKU,Qty", "order_no customer field:Product ID code quantity"},
        {"Order No,Customer,Part No,Part Name,Pcs,UOM", "order_no customer code product quantity unit"},
        {"Order No,Customer,Article,Article No,Quantity", "order_no customer product code quantity"},
        {"Order No,Customer,Item,Size,Qty Ordered,Qty Shipped,Qty Delivered",
         "order_no customer product spec quantity shipped_qty delivered_qty"},
        {"单号,厂家,货号,品名,规格,订货量,单位", "order_no customer code product spec quantity unit"},
        {"合同号,购货单位,规格型号,件数", "order_no customer code quantity"},
        {"合同号,买方,物料编码,物料名称,规格型号,数量", "order_no customer code product spec quantity"},
        {"订单号,客户,下单时间,日期", "order_no customer ordered_on field:日期"},
        {"订单号,客户,日期,发货日,签收日期", "order_no customer ordered_on shipped_on delivered_on"},
        {"订单号,客户,预计交货日期,实际交货日期,交货日期", "order_no customer expected_on delivered_on field:交货日期"},
        {"订单号,客户,客户要求交期,预计交期", "order_no customer requested_on expected_on"},
        {"Order No,Customer,Required Date,Promised Date", "order_no customer requested_on expected_on"},
        {"Order No,Customer,Required Date,Delivery Date", "order_no customer expected_on delivered_on"},
        {"Order No,Customer,ETA,Need By,Ship By", "order_no customer field:ETA expected_on field:Ship By"},
        {"Order No,Customer,Date Ordered,Due Date,Rcvd", "order_no customer ordered_on expected_on delivered_on"},
        {"Order No,Customer,Purchase Timestamp,Dispatched", "order_no customer ordered_on shipped_on"},
        {"Order No,Customer,State,Comments,Remarks", "order_no customer status note note"},
        {"Order No,Customer,完成情况,说明,附注", "order_no customer status note note"},
        {"Order No,Customer,Delivery days,Order type,Unit price,Rejected Qty,交期天数",
         "order_no customer field:Delivery days field:Order type field:Unit price field:Rejected Qty field:交期天数"},
        {"序号,订单号,客户,联系人,联系电话,业务员,Sales Rep", "- order_no customer - - field:业务员 field:Sales Rep"},
        {"Order No,Customer,E-mail,Ship Address,Mobile", "order_no customer - - -"},
        {"\"订单\n编号\",【客户】客户名称,数 量,品名", "order_no customer quantity product"},
        {"ＯＲＤＥＲ　ＮＯ．,CUSTOMER", "order_no customer"},
        {"Form.Order No,Form.Customer,Lines.SKU,Lines.Qty", "order_no customer code quantity"},
        {"OrderID,CustomerID,EmployeeID,RequiredDate,ShippedDate,ShipVia,ShipCity",
         "order_no customer field:EmployeeID expected_on shipped_on field:ShipVia field:ShipCity"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena = {0};
        struct grid table;
        struct header header = {0};
        struct daybook_error err = {0};
        char fields[512];
        assert_int_equal(
            grid_split((struct daybook_text){cases[i].header, strlen(cases[i].header)}, ',', 0, &table, &err), 0);
        header_read(&table, 0, &(struct header_options){0}, &arena, &header, &err);
        describe(&header, fields, sizeof fields);
        assert_string_equal(fields, cases[i].fields);
        grid_free(&table);
        arena_release(&arena);
    }
}

static void test_finding_the_row(void **state)
{
    static const struct {
        const char *text;
        size_t row; /* COLUMN_NONE: there is none */
    } cases[] = {
        {"Order No,Customer\nA,Ann\n", 0},
        {"Orders 2024\n\n客户: Ann,日期\nOrder No,Customer,Qty\n", 3},
        /* one with order number and customer beats a longer one without */
        {"Product,Qty,Unit,Status\nOrder No,Customer\n", 1},
        {"Order No\nA\n", COLUMN_NONE},
        {"a,b\n", COLUMN_NONE},
        {"\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nOrder No,Customer\n", 29},
        {"\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nOrder No,Customer\n", COLUMN_NONE},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct grid table;
        size_t row = COLUMN_NONE;
        assert_int_equal(grid_split((struct daybook_text){cases[i].text, strlen(cases[i].text)}, ',', 0, &table, NULL),
                         0);
        unsigned score = header_score(&table, &(struct header_options){0}, &row);
        assert_int_equal(row, cases[i].row);
        assert_int_equal(score != 0, cases[i].row != COLUMN_NONE);
        grid_free(&table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_columns_are),
        cmocka_unit_test(test_finding_the_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
